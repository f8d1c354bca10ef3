-- The ledger for those who read it with SQL: one row an entry, with people and documents joined where they aren't erased. All of it
-- is derived from the entry's bytes and from what opens their references, never from the projection. It proves nothing by itself:
-- that is what `countersign verify` is for. Neither bytes that somebody altered nor what a document holds makes a query fail.

-- An entry's JSON; null where it can't be read. jsonb has no U+0000, so that is shown as U+FFFD.
CREATE FUNCTION ledger.content_of(canonical bytea) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  written text;
BEGIN
  BEGIN
    written := convert_from(canonical, 'UTF8');
    RETURN written::jsonb;
  EXCEPTION WHEN untranslatable_character THEN
    -- Pairs of backslashes stay; of what is left, an escaped U+0000 goes. Twice, since neighbours share a character.
    FOR again IN 1..2 LOOP
      written := regexp_replace(written, '((?:^|[^\\])(?:\\\\)*)\\u0000', '\1\\ufffd', 'g');
    END LOOP;
    RETURN written::jsonb;
  END;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END
$$;

-- A document as text, with octal escapes where it is none.
CREATE FUNCTION ledger.text_of(body bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN convert_from(body, 'UTF8');
EXCEPTION WHEN data_exception THEN
  RETURN encode(body, 'escape');
END
$$;

CREATE FUNCTION ledger.time_of(written text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN written::timestamptz;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END
$$;

-- The 32 bytes of a reference or commitment; null where it is none.
CREATE FUNCTION ledger.hash_of(written text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN written ~ '^[A-Za-z0-9_-]{43}$' THEN decode(translate(written, '-_', '+/') || '=', 'base64') END
$$;

-- The items of a list; none where it is no list.
CREATE FUNCTION ledger.items_of(list jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT jsonb_array_elements(CASE WHEN jsonb_typeof(list) = 'array' THEN list ELSE '[]' END)
$$;

-- Whether this is who the reference was made for: HMAC-SHA256(secret, domain || 0x00 || value). PostgreSQL has SHA-256 and no HMAC.
CREATE FUNCTION ledger.opens(ref bytea, secret bytea, domain text, value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  inner_pad bytea := decode(repeat('36', 64), 'hex');
  outer_pad bytea := decode(repeat('5c', 64), 'hex');
  byte int;
BEGIN
  IF octet_length(secret) <> 32 THEN
    RETURN false;
  END IF;
  FOR at IN 0..31 LOOP
    byte := get_byte(secret, at);
    inner_pad := set_byte(inner_pad, at, byte # 54);
    outer_pad := set_byte(outer_pad, at, byte # 92);
  END LOOP;
  RETURN ref = sha256(outer_pad || sha256(inner_pad || convert_to(domain, 'UTF8') || '\x00'::bytea || convert_to(value, 'UTF8')));
END
$$;

-- Whoever reads only `kind` doesn't pay for `documents`: they are subqueries, and an unused column of a view isn't computed.
CREATE VIEW ledger.reading AS
SELECT
  i.index,
  e.id,
  l.origin AS log,
  c.content ->> 'kind' AS kind,
  ledger.time_of(c.content ->> 'recorded') AS recorded,
  ledger.time_of(c.content ->> 'occurred') AS occurred,
  c.content #>> '{repository,name}' AS repository,
  c.content ->> 'commit' AS commit,
  CASE WHEN c.content ->> 'pullRequest' ~ '^\d{1,15}$' THEN (c.content ->> 'pullRequest')::bigint END AS pull_request,
  c.content ->> 'environment' AS environment,
  c.content ->> 'outcome' AS outcome,
  ARRAY(SELECT r #>> '{}' FROM ledger.items_of(c.content -> 'reasons') r) AS reasons,
  c.content ->> 'delivery' AS delivery,
  CASE WHEN c.content ->> 'answers' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (c.content ->> 'answers')::uuid END AS answers,
  ARRAY(SELECT h #>> '{}' FROM ledger.items_of(c.content -> 'hosts') h) AS hosts,
  -- {role, type, id, login}, where login is null if only that is gone; {role, type, erased: true} for whom nothing resolves.
  (SELECT coalesce(jsonb_agg(CASE
      WHEN s.github_id IS NULL THEN jsonb_build_object('role', w.item -> 'role', 'type', w.item -> 'type', 'erased', true)
      ELSE jsonb_build_object('role', w.item -> 'role', 'type', w.item -> 'type', 'id', s.github_id, 'login', n.login) END
      ORDER BY w.at), '[]')
    FROM ledger.items_of(c.content -> 'who') WITH ORDINALITY AS w (item, at)
    LEFT JOIN ledger.subject s ON s.ref = ledger.hash_of(w.item ->> 'actor')
      AND ledger.opens(s.ref, s.secret, 'actor', s.github_id::text)
    LEFT JOIN ledger.subject_login n ON n.ref = ledger.hash_of(w.item ->> 'login') AND n.subject = s.ref
      AND ledger.opens(n.ref, s.secret, 'login', n.login)
  ) AS people,
  -- {name, type, commitment, size, text}, where text is null if it is neither text nor JSON, or larger than jsonb takes; or erased, or
  -- altered, is true.
  (SELECT coalesce(jsonb_agg(
      jsonb_build_object('name', d.item -> 'name', 'type', d.item -> 'type', 'commitment', d.item -> 'commitment') || CASE
        WHEN o.body IS NULL THEN jsonb_build_object('erased', true)
        WHEN sha256(o.salt || o.body) <> o.commitment THEN jsonb_build_object('altered', true)
        ELSE jsonb_build_object('size', octet_length(o.body), 'text',
          CASE WHEN d.item ->> 'type' ~ '^(text/|application/json$)' AND octet_length(o.body) < 50000000 THEN ledger.text_of(o.body) END) END
      ORDER BY d.at), '[]')
    FROM ledger.items_of(c.content -> 'documents') WITH ORDINALITY AS d (item, at)
    LEFT JOIN ledger.document o ON o.commitment = ledger.hash_of(d.item ->> 'commitment')
  ) AS documents,
  -- What the entry says of the ledger itself.
  c.content -> 'ledger' AS ledger
FROM ledger.entry e
LEFT JOIN ledger.integration i ON i.entry_id = e.id
LEFT JOIN ledger.log l ON l.log_id = i.log_id
-- OFFSET 0: read once an entry, not once a column.
CROSS JOIN LATERAL (SELECT ledger.content_of(e.canonical) AS content OFFSET 0) c;

COMMENT ON VIEW ledger.reading IS 'Entries with people and documents, for reading; docs/ledger.md tells how to verify them';

GRANT SELECT ON ledger.reading TO countersign_reader, countersign_writer;
-- Which log an index is of, to erase a document by the entry that it belongs to.
GRANT SELECT ON ledger.log TO countersign_eraser;
