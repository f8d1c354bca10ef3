-- What looks after a ledger for years: who else has seen its checkpoints, which key signs it now, and the eraser's duty
-- to record what it takes away.

-- A checkpoint that somebody outside has: the branch of a git repository (`evidence` is the commit), or a C2SP witness
-- (`evidence` is its cosignature line). What really counts is what they hold; this says where to look, and since when.
CREATE TABLE ledger.witness (
  log_id int NOT NULL REFERENCES ledger.log,
  witness text NOT NULL,
  size bigint NOT NULL CHECK (size >= 0),
  evidence text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (log_id, witness, size)
);

-- The keys that came after `log.vkey`, each with the entry (`ledger.rotated`) that the key before it vouches for. The
-- sequencer reads here which key signs now; a verifier reads it in the entries.
CREATE TABLE ledger.log_key (
  log_id int NOT NULL REFERENCES ledger.log,
  number int NOT NULL CHECK (number > 0),
  vkey text NOT NULL,
  entry_id uuid NOT NULL,
  PRIMARY KEY (log_id, number)
);

DO $$
DECLARE
  guarded regclass;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['ledger.witness', 'ledger.log_key']::regclass[] LOOP
    EXECUTE pg_catalog.format(
      'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION ledger.refuse()', guarded);
    EXECUTE pg_catalog.format(
      'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse()', guarded);
    EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER refuse_change', guarded);
    EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER refuse_truncate', guarded);
  END LOOP;
END
$$;

GRANT SELECT ON ledger.witness, ledger.log_key TO countersign_writer, countersign_reader;
GRANT INSERT (log_id, witness, size, evidence) ON ledger.witness TO countersign_writer;
GRANT INSERT ON ledger.log_key TO countersign_writer;

-- Whoever erases records it in the same transaction, so the eraser may add entries; it may still change none.
GRANT SELECT ON ledger.entry, ledger.integration, ledger.projection, ledger.pending TO countersign_eraser;
GRANT INSERT (id, canonical) ON ledger.entry TO countersign_eraser;
GRANT INSERT ON ledger.projection, ledger.pending, ledger.document TO countersign_eraser;
