-- What GitHub enforced on each guarded branch and environment when it was last looked at, so that the next look finds what
-- changed, also over a time when nobody looked. Not evidence: each difference is a `control.changed` entry.
CREATE TABLE countersign.control_state (
  -- `control:REPOSITORY:branch:NAME` or `control:REPOSITORY:environment:NAME`
  subject text PRIMARY KEY,
  repository_id bigint NOT NULL,
  -- Settings as they were last known, and which of them can't be seen now.
  kept jsonb NOT NULL,
  standing text NOT NULL CHECK (standing IN ('whole', 'gap', 'unknown', 'not_demanded')),
  -- Since when it stands so, and the entry that says so.
  since timestamptz NOT NULL,
  since_entry uuid NOT NULL,
  -- The newest entry about it.
  entry_id uuid NOT NULL,
  -- When the newest look began: an older one that ends later is left.
  looked_at timestamptz NOT NULL
);
CREATE INDEX ON countersign.control_state (repository_id);

GRANT SELECT ON countersign.control_state TO countersign_writer, countersign_reader;
GRANT INSERT, UPDATE ON countersign.control_state TO countersign_writer;
