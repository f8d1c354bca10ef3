-- What keeps whoever has the writer's login, and no key, from making the ledger say or do what it shouldn't.

-- The entries that say that a year is retired (`ledger.pruned`), each put here by the owner in the transaction that records it. Who may
-- only record can record such an entry too, and has no row for it here: it gets no index and no signature.
CREATE TABLE ledger.retirement (entry_id uuid PRIMARY KEY);

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.retirement FOR EACH ROW EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.retirement FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();
ALTER TABLE ledger.retirement ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE ledger.retirement ENABLE ALWAYS TRIGGER refuse_truncate;

GRANT SELECT ON ledger.retirement TO countersign_writer, countersign_reader;

-- The tree's rows come with the head or after it. One that is there before would be in the way of the true one, which nobody could
-- then add, and nothing would get an index any more. At the end of the statement, for a batch moves the head in the same one.
CREATE FUNCTION ledger.within_head() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  ahead boolean;
BEGIN
  IF TG_TABLE_NAME = 'integration' THEN
    ahead := EXISTS (SELECT FROM placed p LEFT JOIN ledger.head h USING (log_id) WHERE h.size IS NULL OR p.index >= h.size);
  ELSIF TG_TABLE_NAME = 'tile' THEN
    ahead := EXISTS (SELECT FROM placed p LEFT JOIN ledger.head h USING (log_id)
      WHERE h.size IS NULL OR (p.index + 1::numeric) * 256::numeric ^ (p.level + 1) > h.size);
  ELSE
    ahead := EXISTS (SELECT FROM placed p LEFT JOIN ledger.head h USING (log_id) WHERE h.size IS NULL OR p.size > h.size);
  END IF;
  IF ahead THEN
    RAISE EXCEPTION 'ledger: a row of %.% is over entries that the head does not have', TG_TABLE_SCHEMA, TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER within_head AFTER INSERT ON ledger.integration
  REFERENCING NEW TABLE AS placed FOR EACH STATEMENT EXECUTE FUNCTION ledger.within_head();
CREATE TRIGGER within_head AFTER INSERT ON ledger.tile
  REFERENCING NEW TABLE AS placed FOR EACH STATEMENT EXECUTE FUNCTION ledger.within_head();
CREATE TRIGGER within_head AFTER INSERT ON ledger.checkpoint
  REFERENCING NEW TABLE AS placed FOR EACH STATEMENT EXECUTE FUNCTION ledger.within_head();
ALTER TABLE ledger.integration ENABLE ALWAYS TRIGGER within_head;
ALTER TABLE ledger.tile ENABLE ALWAYS TRIGGER within_head;
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER within_head;

-- Whoever erases must see what is under way: the end of a deployment is told from the documents of its start.
GRANT USAGE ON SCHEMA countersign TO countersign_eraser;
GRANT SELECT (id, owner, name, environment, state, decision_entry, started_entry) ON countersign.deployment TO countersign_eraser;
