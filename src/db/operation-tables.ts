import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';
import type { ControlStanding, KeptControls } from '../domain/control-facts.ts';
import type { Verdict } from '../domain/decision.ts';
import type { Effect } from '../domain/effect.ts';

/** A `bigint` column: GitHub's ids fit a JavaScript number, and `pool.ts` parses them as such, refusing what doesn't. */
type Id = number;
/** A column that is set once. */
type Fixed<T> = ColumnType<T, T, never>;

/** The tables of `migrations/0003_operations.sql`. */
export interface OperationTables {
  'countersign.delivery': {
    guid: Fixed<string>;
    event: Fixed<string>;
    action: Fixed<string | null>;
    installation_id: Fixed<Id | null>;
    body: Fixed<Buffer>;
    received_at: Fixed<Date>;
  };
  'countersign.change_push': {
    repository_id: Fixed<Id>;
    pull_request: Fixed<number>;
    sha: Fixed<string>;
    /** Null: it was there when the pull request was opened, or the row is older than this column. */
    before: Fixed<string | null>;
    pusher_id: Fixed<Id>;
    pusher_login: Fixed<string>;
    pusher_kind: Fixed<'user' | 'bot'>;
    delivery: Fixed<string>;
  };
  'countersign.last_decision': { subject: Fixed<string>; basis: string; verdict: string; entry_id: string };
  'countersign.judged_change': {
    repository_id: Fixed<Id>;
    pull_request: Fixed<number>;
    head_sha: string;
    /** Null: judged by an older version of ourselves. */
    base_ref: string | null;
    verdict: Verdict | 'closed';
  };
  'countersign.repository': {
    id: Fixed<Id>;
    owner: string;
    name: string;
    installation_id: Id;
  };
  'countersign.merge_group': {
    repository_id: Fixed<Id>;
    head_sha: Fixed<string>;
    head_ref: Fixed<string>;
    base_sha: Fixed<string>;
    base_ref: Fixed<string>;
    pull_request: Fixed<number | null>;
    pull_requests: readonly number[];
    state: 'open' | 'merged' | 'invalidated' | 'dequeued';
  };
  'countersign.deployment': DeploymentRow;
  'countersign.deployment_review': {
    deployment_id: Fixed<string>;
    reviewer_id: Fixed<Id>;
    reviewer_login: Fixed<string>;
    state: Fixed<'approved' | 'rejected'>;
    sha: Fixed<string>;
    at: Fixed<Date>;
    delivery: Fixed<string>;
    entry_id: Fixed<string>;
  };
  'countersign.deployment_log': {
    deployment_id: Fixed<string>;
    line: GeneratedAlways<Id>;
    at: Fixed<Date>;
    host: Fixed<string>;
    step: Fixed<string>;
    kind: Fixed<'started' | 'finished' | 'failed' | 'unknown' | 'output'>;
    text: Fixed<string>;
  };
  'countersign.emergency_act': EmergencyActRow;
  'countersign.unreviewed_commit': {
    repository_id: Fixed<Id>;
    sha: Fixed<string>;
    branch: Fixed<string>;
    entry_id: Fixed<string>;
  };
  'countersign.control_state': {
    subject: Fixed<string>;
    repository_id: Fixed<Id>;
    kept: JSONColumnType<KeptControls, string, string>;
    standing: ControlStanding;
    since: Date;
    since_entry: string;
    entry_id: string;
    looked_at: Date;
  };
  'countersign.effect': {
    key: Fixed<string>;
    ordering_key: Fixed<string>;
    sequence: GeneratedAlways<Id>;
    effect: JSONColumnType<Effect, string, never>;
    state: 'planned' | 'done' | 'obsolete' | 'failed';
    remote_id: Id | null;
    error: string | null;
    planned_at: Fixed<Date>;
    finished_at: Date | null;
  };
  'countersign.check_run': {
    repository_id: Fixed<Id>;
    sha: Fixed<string>;
    name: Fixed<string>;
    remote_id: Id;
    /** Null while it isn't completed. */
    conclusion: string | null;
  };
}

/** What can happen to an emergency, or a bypass, each of it once. */
export type EmergencyAct = 'confirmed' | 'used' | 'expired' | 'bypassed' | 'overdue' | 'reviewed';

export interface EmergencyActRow {
  emergency: Fixed<string>;
  act: Fixed<EmergencyAct>;
  entry_id: Fixed<string>;
  deployment_id: Fixed<string | null>;
}

export interface DeploymentRow {
  id: Fixed<string>;
  subject_key: Fixed<string>;
  repository_id: Fixed<Id>;
  /** As the repository of this id is reached, until it starts: another name, owner or installation may come to it (`regainRepository`). */
  installation_id: Id;
  owner: string;
  name: string;
  environment: Fixed<string>;
  source: Fixed<'merge' | 'api' | 'actions' | 'comment' | 'promotion' | 'rollback' | 'emergency'>;
  ref: Fixed<string>;
  sha: Fixed<string>;
  requester_id: Fixed<Id | null>;
  requester_login: Fixed<string | null>;
  requester_kind: Fixed<'user' | 'bot' | null>;
  requested_at: Fixed<Date>;
  github_deployment_id: Id | null;
  run_id: Id | null;
  state:
    | 'requested'
    | 'held'
    | 'approved'
    | 'rejected'
    | 'running'
    | 'succeeded'
    | 'failed'
    | 'unknown'
    | 'superseded';
  started_sequence: Id | null;
  reached_hosts: Generated<boolean>;
  request_entry: Fixed<string>;
  decision_entry: string | null;
  started_entry: string | null;
  finished_entry: string | null;
  release: string | null;
  /** Names the page with its log; null where there is none. */
  log_key: Generated<string | null>;
  log_shows_output: Generated<boolean>;
  updated_at: Date;
}
