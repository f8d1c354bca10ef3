-- How each repository is reached now: it may have got another name, owner or installation since something that is to be written was
-- planned. Its id stays. Not evidence: what became of it is told by `control.changed` entries.
CREATE TABLE countersign.repository (
  id bigint PRIMARY KEY,
  owner text NOT NULL,
  name text NOT NULL,
  installation_id bigint NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON countersign.repository TO countersign_writer;
GRANT SELECT ON countersign.repository TO countersign_reader;
