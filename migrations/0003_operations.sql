-- What the program works with, beside the ledger. Nothing here is evidence: a decision's record is its ledger entry.
-- The writer may update the rows that have a state; deliveries and pushes are only ever inserted.

CREATE SCHEMA countersign AUTHORIZATION countersign_owner;

-- One webhook request, stored before it is answered. GitHub's redelivery has the same GUID, so it lands on the same row.
CREATE TABLE countersign.delivery (
  guid uuid PRIMARY KEY,
  event text NOT NULL,
  action text,
  installation_id bigint,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL
);

-- Who pushed which head to which pull request, from `pull_request` opened and synchronize.
CREATE TABLE countersign.change_push (
  repository_id bigint NOT NULL,
  pull_request int NOT NULL,
  sha text NOT NULL,
  pusher_id bigint NOT NULL,
  pusher_login text NOT NULL,
  pusher_kind text NOT NULL CHECK (pusher_kind IN ('user', 'bot')),
  delivery uuid NOT NULL,
  PRIMARY KEY (repository_id, pull_request, sha, pusher_id)
);

-- The last decision on each subject (`change:REPOSITORY:NUMBER@SHA`, `deployment:UUID`), so that a burst of events that changes nothing
-- records nothing. `basis` is a digest over verdict, gates and policy.
CREATE TABLE countersign.last_decision (
  subject text PRIMARY KEY,
  basis text NOT NULL,
  verdict text NOT NULL,
  entry_id uuid NOT NULL
);

-- How each pull request stands by itself. Several can have the same head commit, and a commit has one check run of a name:
-- the strictest of them is shown there. `closed`: it is not open any more.
CREATE TABLE countersign.judged_change (
  repository_id bigint NOT NULL,
  pull_request int NOT NULL,
  head_sha text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('approved', 'held', 'rejected', 'error', 'not_guarded', 'closed')),
  PRIMARY KEY (repository_id, pull_request)
);
CREATE INDEX ON countersign.judged_change (repository_id, head_sha);

-- One wanted deployment. `subject_key` is what makes two events about the same wish one row.
CREATE TABLE countersign.deployment (
  id uuid PRIMARY KEY,
  subject_key text NOT NULL UNIQUE,
  repository_id bigint NOT NULL,
  installation_id bigint NOT NULL,
  owner text NOT NULL,
  name text NOT NULL,
  environment text NOT NULL,
  source text NOT NULL CHECK (source IN ('merge', 'api', 'actions')),
  ref text NOT NULL,
  sha text NOT NULL,
  requester_id bigint,
  requester_login text,
  requester_kind text CHECK (requester_kind IN ('user', 'bot')),
  requested_at timestamptz NOT NULL,
  github_deployment_id bigint,
  run_id bigint,
  state text NOT NULL CHECK (state IN
    ('requested', 'held', 'approved', 'rejected', 'running', 'succeeded', 'failed', 'unknown', 'superseded')),
  -- Orders what ran: taken when a deployment starts, under the environment's lock.
  started_sequence bigint,
  -- Set before the first word to a host: from then on, what the hosts show decides how it ended.
  reached_hosts boolean NOT NULL DEFAULT false,
  request_entry uuid NOT NULL,
  decision_entry uuid,
  started_entry uuid,
  finished_entry uuid,
  release text,
  updated_at timestamptz NOT NULL
);
CREATE INDEX ON countersign.deployment (repository_id, environment, state);
CREATE INDEX ON countersign.deployment (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX ON countersign.deployment (github_deployment_id) WHERE github_deployment_id IS NOT NULL;
CREATE SEQUENCE countersign.deployment_started;

-- One person's press of Approve or Reject on our check run. Inserted only; who may is judged from live facts.
CREATE TABLE countersign.deployment_review (
  deployment_id uuid NOT NULL REFERENCES countersign.deployment,
  reviewer_id bigint NOT NULL,
  reviewer_login text NOT NULL,
  state text NOT NULL CHECK (state IN ('approved', 'rejected')),
  sha text NOT NULL,
  at timestamptz NOT NULL,
  delivery uuid NOT NULL,
  entry_id uuid NOT NULL,
  PRIMARY KEY (deployment_id, delivery)
);

-- A commit on a guarded branch that came from no approved pull request.
CREATE TABLE countersign.unreviewed_commit (
  repository_id bigint NOT NULL,
  sha text NOT NULL,
  branch text NOT NULL,
  entry_id uuid NOT NULL,
  PRIMARY KEY (repository_id, sha)
);

-- Planned writes to GitHub and to servers. The row is made in the transaction of the entry that it follows from.
CREATE TABLE countersign.effect (
  key text PRIMARY KEY,
  -- Effects on one thing (a check run, a deployment) are done in the order in which they were planned.
  ordering_key text NOT NULL,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  effect jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('planned', 'done', 'obsolete', 'failed')),
  -- GitHub's id of what was made (a check run, a deployment, a status), once known.
  remote_id bigint,
  error text,
  planned_at timestamptz NOT NULL,
  finished_at timestamptz
);

CREATE INDEX ON countersign.effect (ordering_key, sequence);

-- Our check runs by (commit, name), so that the same one is brought up to date.
CREATE TABLE countersign.check_run (
  repository_id bigint NOT NULL,
  sha text NOT NULL,
  name text NOT NULL,
  remote_id bigint NOT NULL,
  PRIMARY KEY (repository_id, sha, name)
);

GRANT USAGE ON SCHEMA countersign TO countersign_writer, countersign_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA countersign TO countersign_writer, countersign_reader;
GRANT INSERT ON ALL TABLES IN SCHEMA countersign TO countersign_writer;
GRANT UPDATE ON countersign.last_decision, countersign.judged_change, countersign.deployment, countersign.effect, countersign.check_run TO countersign_writer;
GRANT USAGE ON SEQUENCE countersign.deployment_started TO countersign_writer;
