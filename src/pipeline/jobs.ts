import { z } from 'zod';
import { REVIEW_VERDICTS } from '../domain/command.ts';

/** The data of each queue's jobs, parsed at the door: a job may have been written by an older version of ourselves. */
const repository = z
  .strictObject({ id: z.int(), owner: z.string(), name: z.string(), installationId: z.int() })
  .readonly();
const delivery = z.string().nullable();
const actor = z.strictObject({ id: z.int(), login: z.string(), kind: z.enum(['user', 'bot']) }).readonly();
const environment = z.string();
/** Which rule or ruleset a delivery is about. Jobs of earlier versions don't say. */
const namedControl = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('branch_rule'), pattern: z.string() }),
    z.strictObject({ kind: z.literal('ruleset'), id: z.int() }),
  ])
  .nullable()
  .default(null);
const command = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('deploy'), environment }),
    z.strictObject({ name: z.literal('lock'), environment, why: z.string(), only: z.int().nullable() }),
    z.strictObject({ name: z.literal('unlock'), environment, why: z.string().nullable() }),
    z.strictObject({
      name: z.literal('rollback'),
      environment,
      target: z.string().nullable(),
      why: z.string().nullable(),
    }),
    z.strictObject({
      name: z.literal('emergency'),
      environment,
      why: z.string(),
      incident: z.string().nullable(),
    }),
    z.strictObject({ name: z.literal('confirm'), emergency: z.string() }),
    z.strictObject({
      name: z.literal('review'),
      emergency: z.string(),
      verdict: z.enum(REVIEW_VERDICTS),
      why: z.string(),
    }),
    z.strictObject({ name: z.literal('help') }),
    z.strictObject({
      name: z.literal('misread'),
      problem: z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('no_such_command'),
          said: z.string(),
          meant: z.string().nullable(),
        }),
        z.strictObject({ kind: z.literal(['environment_missing', 'why_missing']), command: z.string() }),
        z.strictObject({
          kind: z.literal(['emergency_missing', 'verdict_missing']),
          command: z.string(),
          said: z.string(),
        }),
        z.strictObject({ kind: z.literal('too_much'), command: z.string(), more: z.string() }),
        z.strictObject({ kind: z.literal('too_long') }),
      ]),
    }),
  ])
  .readonly();

export const ChangeJob = z.strictObject({ repository, number: z.int(), delivery });
export const MergeJob = ChangeJob;
export const MergeGroupJob = z.strictObject({
  repository,
  headSha: z.string(),
  delivery,
  /** How often it was looked at already without finding where its commits come from. */
  looks: z.int().default(0),
});
export const PushJob = z.strictObject({
  repository,
  branch: z.string(),
  before: z.string(),
  after: z.string(),
  forced: z.boolean(),
  pusher: actor.nullable(),
  delivery,
  /** How often it was looked at already without finding where its commits come from. */
  looks: z.int().default(0),
});
export const DeploymentJob = z.strictObject({
  id: z.string(),
  delivery,
  /** How often it was looked at already without GitHub's telling yet how a change was merged. */
  looks: z.int().optional(),
  /** Since when a job of Actions seems to have started of which nothing proves it. */
  seenStarted: z.iso.datetime().nullable().default(null),
});
export const WatchJob = z.strictObject({
  repository,
  environment: z.string(),
  ref: z.string(),
  sha: z.string(),
  requester: actor.nullable(),
  githubDeploymentId: z.int(),
  runId: z.int(),
  delivery,
});
export const CommandJob = z.strictObject({
  repository,
  number: z.int(),
  commentId: z.int(),
  commenter: actor,
  stranger: z.boolean().optional(),
  command,
  delivery: z.string(),
});
/** What is due about an emergency: its end, or the end of its review's time. */
export const EmergencyJob = z.strictObject({
  due: z.literal(['expiry', 'review']),
  entry: z.string(),
  repository,
});
/** Somebody says that they deployed what we hold. */
export const ClaimJob = z.strictObject({
  /** Ours. */
  deployment: z.string(),
  by: actor.nullable(),
  state: z.string(),
  at: z.iso.datetime(),
  delivery: z.string(),
  /** How often it was looked at already while it wasn't judged, or nothing could be read. */
  looks: z.int().default(0),
});
export const EffectJob = z.strictObject({ key: z.string() });
/** Look at what GitHub enforces in one repository. */
export const ControlJob = z.strictObject({
  repository,
  delivery,
  /** Whose delivery made us look, where one did, and what it says was changed. */
  by: actor.nullable(),
  named: namedControl,
  /** It comes by the clock, and queues the next one. */
  byClock: z.boolean().default(false),
});
/** Judge again whatever is open: at one commit, on one branch, in one repository, or in a whole installation. */
export const SweepJob = z.strictObject({
  installationId: z.int(),
  repository: repository.nullable(),
  branch: z.string().nullable(),
  sha: z.string().nullable(),
  delivery,
  /** Whose delivery says that what GitHub enforces in all of them was changed, and of what. */
  controlsBy: actor.nullable().optional(),
  controlNamed: namedControl,
});

export type ChangeJob = z.infer<typeof ChangeJob>;
export type MergeGroupJob = z.input<typeof MergeGroupJob>;
export type PushJob = z.infer<typeof PushJob>;
export type CommandJob = z.infer<typeof CommandJob>;
export type DeploymentJob = z.input<typeof DeploymentJob>;
export type EmergencyJob = z.infer<typeof EmergencyJob>;
export type ClaimJob = z.infer<typeof ClaimJob>;
export type ControlJob = z.input<typeof ControlJob>;
export type SweepJob = z.input<typeof SweepJob>;
