-- Merge groups of GitHub's merge queue that our check was asked for: which pull request each ends with, as only its webhook
-- says for sure, and whether it is still there to be judged. Not evidence: what was decided is in the ledger.
CREATE TABLE countersign.merge_group (
  repository_id bigint NOT NULL,
  head_sha text NOT NULL,
  head_ref text NOT NULL,
  base_sha text NOT NULL,
  -- Without `refs/heads/`.
  base_ref text NOT NULL,
  -- As the ref has it; null where the ref has another form than we know.
  pull_request integer,
  -- All that are in it, as far as it was judged.
  pull_requests integer[] NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'merged', 'invalidated', 'dequeued')),
  PRIMARY KEY (repository_id, head_sha)
);
CREATE INDEX ON countersign.merge_group (repository_id) WHERE state = 'open';

GRANT SELECT ON countersign.merge_group TO countersign_writer, countersign_reader;
GRANT INSERT, UPDATE ON countersign.merge_group TO countersign_writer;
