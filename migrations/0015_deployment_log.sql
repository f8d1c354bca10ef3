-- What a deployment does, as it does it, for people who watch: its steps, and what the operator's commands print. A view and no
-- evidence: what counts is sealed in the ledger when it has ended. So lines may be taken away again once they are old.
CREATE TABLE countersign.deployment_log (
  deployment_id uuid NOT NULL REFERENCES countersign.deployment,
  line bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  host text NOT NULL,
  step text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('started', 'finished', 'failed', 'unknown', 'output')),
  -- Masked before it gets here.
  text text NOT NULL CHECK (octet_length(text) <= 65536),
  PRIMARY KEY (deployment_id, line)
);
CREATE INDEX ON countersign.deployment_log (at);

GRANT SELECT, INSERT, DELETE ON countersign.deployment_log TO countersign_writer;
GRANT SELECT ON countersign.deployment_log TO countersign_reader;

ALTER TABLE countersign.deployment
  -- Names the page that shows the log, and can't be guessed. Null: it has none.
  ADD COLUMN log_key text,
  -- Whether that page may show what commands print: it is for whoever sees the repository.
  ADD COLUMN log_shows_output boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX ON countersign.deployment (log_key) WHERE log_key IS NOT NULL;
