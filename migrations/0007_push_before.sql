-- Where a pull request's head was before a push, from `pull_request` synchronize; null for the one that it was opened with.
-- Only an unbroken chain back to what isn't the pull request's own says who pushed all of it.
ALTER TABLE countersign.change_push ADD COLUMN before text;
