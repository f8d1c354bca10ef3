-- For what is asked again and again, and read everything there was to answer it.

-- Which pull requests left these commits: at each judgement of a deployment.
CREATE INDEX ON ledger.projection (repository_id, commit) WHERE kind = 'change.merged';

-- The newest deployment to each place: at each look at the hosts.
CREATE INDEX ON countersign.deployment (repository_id, environment, started_sequence) WHERE started_sequence IS NOT NULL;

-- Which repositories had a name, as people write it: at each deployment and look by a target that says no id.
CREATE INDEX ON countersign.deployment (lower(owner || '/' || name), environment);

-- What went past the gates and may await its review: at each judgement of a deployment.
CREATE INDEX ON ledger.projection (repository_id, entry_id) WHERE kind IN ('emergency.used', 'emergency.bypassed');
