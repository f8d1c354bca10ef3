-- Deployments that a person asks for in a comment.
ALTER TABLE countersign.deployment DROP CONSTRAINT deployment_source_check;
ALTER TABLE countersign.deployment ADD CONSTRAINT deployment_source_check
  CHECK (source IN ('merge', 'api', 'actions', 'comment', 'promotion', 'rollback'));
