-- Who may do what, as roles without a login. People and processes get a login elsewhere and are made members of one:
--   countersign_owner   owns every object; only the login that migrates may become it, never one that serves
--   countersign_writer  the program: inserts and reads; of the ledger it may update one row, the head
--   countersign_reader  an auditor: reads
--   countersign_eraser  takes away what a law may ask to take away: people and sealed documents, never entries
-- Roles belong to the whole server, so another database of the same server may have made them already.

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['countersign_owner', 'countersign_writer', 'countersign_reader', 'countersign_eraser'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', name);
    END IF;
  END LOOP;

  -- All later migrations run after SET ROLE countersign_owner.
  IF NOT pg_catalog.pg_has_role(current_user, 'countersign_owner', 'MEMBER') THEN
    EXECUTE pg_catalog.format('GRANT countersign_owner TO %I', current_user);
  END IF;
  IF NOT pg_catalog.has_database_privilege('countersign_owner', pg_catalog.current_database(), 'CREATE') THEN
    EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO countersign_owner', pg_catalog.current_database());
  END IF;
END
$$;
