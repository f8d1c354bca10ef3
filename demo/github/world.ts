/**
 * What every part of the stand-in is handed: its memory, its clock, its ids and the way out for webhooks. Time and ids
 * are injected, so that two runs of one story look the same.
 */
import { createHash } from 'node:crypto';

import {
  emptyState,
  type Actor,
  type App,
  type Bot,
  type Organization,
  type Repository,
  type State,
  type User,
} from './state.ts';

/** Something that happened and that GitHub would tell Apps about. */
export interface Happening {
  readonly event: string;
  readonly action: string | null;
  readonly repository: Repository | null;
  /** The account whose installations hear of it, where no repository is concerned. */
  readonly account: User | Organization | null;
  readonly sender: Actor;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Only this App hears of it. */
  readonly only?: App;
  /** Told even to Apps that did not subscribe (an App always hears of its own installation). */
  readonly always?: boolean;
}

export interface World {
  readonly url: string;
  readonly apiUrl: string;
  readonly dataDir: string;
  readonly state: State;
  readonly violations: string[];
  /** GitHub's own account: committer of merges made on the web. */
  readonly webFlow: Bot;
  readonly actionsBot: Bot;
  /** Who lands what a merge queue lets through. */
  readonly mergeQueueBot: Bot;
  now(): Date;
  /** Now, as GitHub writes times. */
  timestamp(): string;
  id(): number;
  guid(): string;
  /** A secret that looks random and is the same in each run with the same seed. */
  secret(label: string, length: number): string;
  emit(happening: Happening): void;
}

/** What `makeWorld` needs from outside. */
export interface WorldOptions {
  readonly dataDir: string;
  readonly seed: number;
  readonly clock: () => Date;
  readonly url: () => string;
  readonly emit: (happening: Happening) => void;
}

/** GitHub's id of `web-flow`, as in the real one. */
export const WEB_FLOW_ID = 19_864_447;
const ACTIONS_ID = 41_898_282;
const MERGE_QUEUE_ID = 118_344_674;

export function makeWorld(options: WorldOptions): World {
  const state = emptyState();
  let last = options.seed;
  let guids = 0;
  const secret = (label: string, length: number): string => {
    let out = '';
    for (let round = 0; out.length < length; round += 1) {
      out += createHash('sha256')
        .update(`${options.seed}:${label}:${round}`)
        .digest('base64url')
        .replaceAll(/[-_]/g, 'x');
    }
    return out.slice(0, length);
  };
  const timestamp = (): string =>
    options
      .clock()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  const bot = (id: number, login: string): Bot => {
    const made: Bot = { kind: 'Bot', id, login, createdAt: timestamp() };
    state.accounts.set(id, made);
    return made;
  };
  return {
    get url() {
      return options.url();
    },
    get apiUrl() {
      return `${options.url()}/api/v3`;
    },
    dataDir: options.dataDir,
    state,
    violations: [],
    webFlow: bot(WEB_FLOW_ID, 'web-flow'),
    actionsBot: bot(ACTIONS_ID, 'github-actions[bot]'),
    mergeQueueBot: bot(MERGE_QUEUE_ID, 'github-merge-queue[bot]'),
    now: options.clock,
    timestamp,
    id: () => (last += 1),
    guid: () => {
      guids += 1;
      const hex = createHash('sha256').update(`${options.seed}:guid:${guids}`).digest('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    secret,
    emit: options.emit,
  };
}
