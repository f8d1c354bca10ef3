-- Deployments that the confirmation of an emergency asks for.
ALTER TABLE countersign.deployment DROP CONSTRAINT deployment_source_check;
ALTER TABLE countersign.deployment ADD CONSTRAINT deployment_source_check
  CHECK (source IN ('merge', 'api', 'actions', 'comment', 'promotion', 'rollback', 'emergency'));

-- What happened to each emergency and each bypass, so that each of it happens once, also where two try at the same moment. Inserted
-- only. What is judged is read from the ledger: a row here can keep something from happening, and make nothing be so.
CREATE TABLE countersign.emergency_act (
  -- The `emergency.declared` or `emergency.bypassed`.
  emergency uuid NOT NULL,
  act text NOT NULL CHECK (act IN ('confirmed', 'used', 'expired', 'bypassed', 'overdue', 'reviewed')),
  entry_id uuid NOT NULL,
  -- The deployment that used it, or that ran past us.
  deployment_id uuid REFERENCES countersign.deployment,
  CHECK ((deployment_id IS NOT NULL) = (act IN ('used', 'bypassed'))),
  PRIMARY KEY (emergency, act)
);
-- A deployment is found to have run past us once.
CREATE UNIQUE INDEX ON countersign.emergency_act (deployment_id) WHERE act = 'bypassed';

GRANT SELECT, INSERT ON countersign.emergency_act TO countersign_writer;
GRANT SELECT ON countersign.emergency_act TO countersign_reader;
