-- The ledger. It is insert-only three times over: by grant (the program's role may not UPDATE, DELETE or TRUNCATE), by
-- trigger (nobody may, the owner included, as long as the triggers stand), and by evidence (whoever gets past both
-- changes a hash that signed checkpoints hold). Only the last needs no trust in this database.
--
-- An entry is *recorded* in the transaction that causes it, and *integrated* after it: one sequencer gives it the next
-- index of the Merkle tree (RFC 6962, 256-wide tiles) and signs a checkpoint over the tree (C2SP tlog-checkpoint).

CREATE SCHEMA ledger;
COMMENT ON SCHEMA ledger IS 'Insert-only record of decisions and deployments; docs/ledger.md tells how to verify it';

-- ------------------------------------------------------------------------------------------------ evidence

-- What was recorded, as the bytes that are hashed. Never parsed here, never rewritten: RFC 8785 JSON of schema
-- `countersign.entry/v1`. 65,535 bytes is the limit of a C2SP entry bundle. `id` is a UUID version 7 (it begins with the
-- time), so that whole years can be retired; ids of any other kind go to `entry_other`.
CREATE TABLE ledger.entry (
  id uuid NOT NULL,
  canonical bytea NOT NULL CHECK (pg_catalog.octet_length(canonical) BETWEEN 2 AND 65535),
  leaf_hash bytea NOT NULL GENERATED ALWAYS AS (pg_catalog.sha256('\x00'::bytea || canonical)) STORED,
  -- When the row came to be, by this server's clock. A convenience: the entry's own time is in its bytes.
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
ALTER TABLE ledger.entry ALTER canonical SET STORAGE EXTERNAL;

CREATE TABLE ledger.entry_2026 PARTITION OF ledger.entry
  FOR VALUES FROM ('019b76da-a800-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');
CREATE TABLE ledger.entry_2027 PARTITION OF ledger.entry
  FOR VALUES FROM ('01a2ce8b-d400-0000-0000-000000000000') TO ('01aa263d-0000-0000-0000-000000000000');
CREATE TABLE ledger.entry_2028 PARTITION OF ledger.entry
  FOR VALUES FROM ('01aa263d-0000-0000-0000-000000000000') TO ('01b18314-8800-0000-0000-000000000000');
CREATE TABLE ledger.entry_2029 PARTITION OF ledger.entry
  FOR VALUES FROM ('01b18314-8800-0000-0000-000000000000') TO ('01b8dac5-b400-0000-0000-000000000000');
CREATE TABLE ledger.entry_2030 PARTITION OF ledger.entry
  FOR VALUES FROM ('01b8dac5-b400-0000-0000-000000000000') TO ('01c03276-e000-0000-0000-000000000000');
CREATE TABLE ledger.entry_2031 PARTITION OF ledger.entry
  FOR VALUES FROM ('01c03276-e000-0000-0000-000000000000') TO ('01c78a28-0c00-0000-0000-000000000000');
CREATE TABLE ledger.entry_other PARTITION OF ledger.entry DEFAULT;

-- A log: the name and key under which checkpoints are signed. A restored database goes on as a new log.
CREATE TABLE ledger.log (
  log_id int PRIMARY KEY CHECK (log_id > 0),
  origin text NOT NULL UNIQUE,
  vkey text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  predecessor int REFERENCES ledger.log,
  predecessor_checkpoint text
);

-- Which entry has which index. The index is arithmetic on the head, never a sequence: a gap is a deletion.
CREATE TABLE ledger.integration (
  log_id int NOT NULL,
  index bigint NOT NULL CHECK (index >= 0),
  entry_id uuid NOT NULL UNIQUE,
  leaf_hash bytea NOT NULL CHECK (pg_catalog.octet_length(leaf_hash) = 32),
  PRIMARY KEY (log_id, index)
);

-- Full tiles of the tree: 256 hashes of their level, and the hash over them. Partial tiles are not stored: level 0's is the
-- newest rows of `integration`, a higher level's the `root`s of the level below.
CREATE TABLE ledger.tile (
  log_id int NOT NULL REFERENCES ledger.log,
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 6),
  index bigint NOT NULL CHECK (index >= 0),
  hashes bytea NOT NULL CHECK (pg_catalog.octet_length(hashes) = 8192),
  root bytea NOT NULL CHECK (pg_catalog.octet_length(root) = 32),
  PRIMARY KEY (log_id, level, index)
);

-- How far the tree has grown: the one row per log that changes, and only forward. A cache of what the rest implies.
CREATE TABLE ledger.head (
  log_id int PRIMARY KEY REFERENCES ledger.log,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (pg_catalog.octet_length(root) = 32)
) WITH (fillfactor = 10);

-- Every checkpoint ever signed. It is committed here before it leaves the process.
CREATE TABLE ledger.checkpoint (
  log_id int NOT NULL REFERENCES ledger.log,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (pg_catalog.octet_length(root) = 32),
  note text NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (log_id, size)
);

-- ------------------------------------------------------------------------------------ erasable, beside the evidence

-- A person. Entries hold only `ref` = HMAC-SHA256(secret, 'actor' || 0x00 || github_id); without this row it names nobody.
CREATE TABLE ledger.subject (
  ref bytea PRIMARY KEY CHECK (pg_catalog.octet_length(ref) = 32),
  github_id bigint NOT NULL UNIQUE,
  secret bytea NOT NULL CHECK (pg_catalog.octet_length(secret) = 32)
);

-- The names a person had. Entries hold `ref` = HMAC-SHA256(the subject's secret, 'login' || 0x00 || login).
CREATE TABLE ledger.subject_login (
  ref bytea PRIMARY KEY CHECK (pg_catalog.octet_length(ref) = 32),
  subject bytea NOT NULL REFERENCES ledger.subject ON DELETE CASCADE,
  login text NOT NULL
);
CREATE INDEX ON ledger.subject_login (subject);

-- What an entry rests on, sealed: entries hold `commitment` = SHA-256(salt || body).
CREATE TABLE ledger.document (
  commitment bytea PRIMARY KEY CHECK (pg_catalog.octet_length(commitment) = 32),
  salt bytea NOT NULL CHECK (pg_catalog.octet_length(salt) = 32),
  body bytea NOT NULL
);

-- ------------------------------------------------------------------------------------------ conveniences, never trusted

-- Columns to search by, derived from the entry's bytes by `src/ledger/projection.ts`, compared with them by `verify`.
CREATE TABLE ledger.projection (
  entry_id uuid PRIMARY KEY,
  kind text NOT NULL,
  repository_id bigint,
  environment text,
  commit text,
  pull_request int,
  outcome text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  delivery text,
  answers uuid
);
CREATE INDEX ON ledger.projection (repository_id, environment, recorded_at);
CREATE INDEX ON ledger.projection (answers) WHERE answers IS NOT NULL;

-- Recorded and not yet integrated, in the order of recording. A row is taken away in the transaction that integrates its
-- entry. Taking one away otherwise hides nothing: `verify` finds every entry that has no index.
CREATE TABLE ledger.pending (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entry_id uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- ---------------------------------------------------------------------------------------------------- the triggers

-- It reads neither OLD nor NEW, which are null in a TRUNCATE trigger, where a comparison would let everything through.
CREATE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'ledger: % on %.% is refused, because what was recorded stays', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION ledger.only_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.log_id IS DISTINCT FROM OLD.log_id OR NEW.size IS NULL OR NEW.size <= OLD.size THEN
    RAISE EXCEPTION 'ledger: the head only grows' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.entry FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.log FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.integration FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.tile FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.checkpoint FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE DELETE ON ledger.head FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER only_forward BEFORE UPDATE ON ledger.head FOR EACH ROW EXECUTE FUNCTION ledger.only_forward();
CREATE TRIGGER refuse_change BEFORE UPDATE ON ledger.subject FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE ON ledger.subject_login FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE ON ledger.document FOR EACH ROW EXECUTE FUNCTION ledger.refuse();

-- TRUNCATE needs a trigger of its own on every table, and on every partition: those of the parent aren't inherited.
-- ALWAYS: `session_replication_role = replica` skips the others.
DO $$
DECLARE
  guarded regclass;
  guard record;
BEGIN
  FOR guarded IN
    SELECT c.oid FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('projection', 'pending')
  LOOP
    EXECUTE pg_catalog.format(
      'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse()', guarded);
  END LOOP;
  FOR guard IN
    SELECT t.tgrelid::regclass AS guarded, t.tgname FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', guard.guarded, guard.tgname);
  END LOOP;
END
$$;

-- ------------------------------------------------------------------------------------------------------- the grants

GRANT USAGE ON SCHEMA ledger TO countersign_writer, countersign_reader, countersign_eraser;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO countersign_writer, countersign_reader;

-- Only on the parent: a partition can't be written to by its own name.
GRANT INSERT (id, canonical) ON ledger.entry TO countersign_writer;
GRANT INSERT (log_id, origin, vkey, predecessor, predecessor_checkpoint) ON ledger.log TO countersign_writer;
GRANT INSERT (log_id, size, root, note) ON ledger.checkpoint TO countersign_writer;
GRANT INSERT ON ledger.integration, ledger.tile, ledger.head TO countersign_writer;
GRANT UPDATE (size, root) ON ledger.head TO countersign_writer;
GRANT INSERT ON ledger.subject, ledger.subject_login, ledger.document, ledger.projection TO countersign_writer;
GRANT INSERT, DELETE ON ledger.pending TO countersign_writer;

GRANT SELECT, DELETE ON ledger.subject, ledger.subject_login, ledger.document TO countersign_eraser;
