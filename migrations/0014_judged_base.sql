-- The branch that a judged pull request would be merged into: one with a merge group's commit as its head leaves that group's check run
-- alone where both go by the same queue. Null: judged before this was noted, and then it is taken for another branch.
ALTER TABLE countersign.judged_change ADD COLUMN base_ref text;
