-- How our check run was concluded, null while it isn't. GitHub keeps a conclusion, so another one needs another check run.
ALTER TABLE countersign.check_run ADD COLUMN conclusion text;
