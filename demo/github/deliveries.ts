/**
 * Sends webhooks as GitHub does: signed, once, with ten seconds for an answer and never again by itself. Keeps the log
 * that `/app/hook/deliveries` shows. One App's deliveries go out one after the other unless a fault says otherwise.
 */
import { createHmac } from 'node:crypto';

import { covers } from './find.ts';
import type { ArmedFaults } from './faults.ts';
import { permits } from './rules/roles.ts';
import { nodeId } from './shapes/accounts.ts';
import type { App, Installation } from './state.ts';
import type { Happening, World } from './world.ts';

/** One attempt to deliver, as GitHub logs it. */
export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly app: App;
  readonly event: string;
  readonly action: string | null;
  readonly installationId: number | null;
  readonly repositoryId: number | null;
  readonly redelivery: boolean;
  readonly url: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly requestHeaders: Readonly<Record<string, string>>;
  deliveredAt: string;
  duration: number;
  /** `OK`, or what went wrong. */
  status: string;
  /** 0: no answer. */
  statusCode: number;
  responseHeaders: Readonly<Record<string, string>>;
  responseBody: string;
}

export interface Deliveries {
  /** Oldest first. */
  readonly log: readonly Delivery[];
  /** Lets go of what is held, then resolves when nothing is on its way or delayed; rejects after the time given (30 s). */
  waitForIdle(timeoutMilliseconds?: number): Promise<void>;
  /** Sends one again under the same GUID. */
  redeliver(id: number): void;
}

export interface Courier extends Deliveries {
  accept(happening: Happening): void;
  stop(): void;
}

/** The permission that an App needs to be told of an event. */
export const EVENT_PERMISSIONS: Readonly<Record<string, string>> = {
  branch_protection_rule: 'administration:read',
  branch_protection_configuration: 'administration:read',
  check_run: 'checks:read',
  check_suite: 'checks:read',
  deployment: 'deployments:read',
  deployment_protection_rule: 'deployments:read',
  deployment_review: 'deployments:read',
  deployment_status: 'deployments:read',
  installation_target: 'metadata:read',
  issue_comment: 'issues:read',
  create: 'contents:read',
  delete: 'contents:read',
  member: 'members:read',
  membership: 'members:read',
  merge_group: 'merge_queues:read',
  organization: 'members:read',
  pull_request: 'pull_requests:read',
  pull_request_review: 'pull_requests:read',
  push: 'contents:read',
  repository: 'metadata:read',
  repository_ruleset: 'administration:read',
  status: 'statuses:read',
  team: 'members:read',
  workflow_job: 'actions:read',
  workflow_run: 'actions:read',
};

/** These reach an App that may write checks without its asking. */
const UNASKED = new Set([
  'check_suite.requested',
  'check_suite.rerequested',
  'check_run.rerequested',
  'check_run.requested_action',
]);

/** GitHub's patience. */
const TIMEOUT = 10_000;

function hears(installation: Installation, happening: Happening): boolean {
  if (installation.suspendedAt !== null && happening.always !== true) return false;
  if (happening.only !== undefined && happening.only.id !== installation.app.id) return false;
  const inScope =
    happening.repository === null
      ? installation.account.id === happening.account?.id
      : covers(installation, happening.repository);
  if (!inScope) return false;
  if (happening.always === true) return true;
  if (
    UNASKED.has(`${happening.event}.${happening.action}`) &&
    permits(installation.permissions, 'checks:write')
  )
    return true;
  const needed = EVENT_PERMISSIONS[happening.event];
  const alternative =
    happening.event === 'issue_comment' && permits(installation.permissions, 'pull_requests:read');
  return (
    installation.events.includes(happening.event) &&
    (needed === undefined || permits(installation.permissions, needed) || alternative)
  );
}

function headersFor(app: App, event: string, guid: string, body: string): Record<string, string> {
  const secret = app.webhookSecret;
  return {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/0000000',
    'X-GitHub-Delivery': guid,
    'X-GitHub-Event': event,
    'X-GitHub-Hook-ID': String(app.hookId),
    'X-GitHub-Hook-Installation-Target-ID': String(app.id),
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    ...(secret === null
      ? {}
      : {
          'X-Hub-Signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
          'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        }),
  };
}

/** Starts the courier; `log` hears of every attempt that failed. */
export function startCourier(world: () => World, faults: ArmedFaults, log: (line: string) => void): Courier {
  const attempts: Delivery[] = [];
  const chains = new Map<number, Promise<void>>();
  const stopping = new AbortController();
  let held: Delivery[] = [];
  let pending = 0;
  let waiters: (() => void)[] = [];

  const settle = (): void => {
    pending -= 1;
    if (pending > 0) return;
    for (const wake of waiters) wake();
    waiters = [];
  };

  const send = async (delivery: Delivery, unreachable: boolean): Promise<void> => {
    const body = JSON.stringify(delivery.payload);
    delivery.deliveredAt = world().now().toISOString();
    attempts.push(delivery);
    const started = performance.now();
    try {
      if (unreachable) throw new Error('failed to connect to host');
      const response = await fetch(delivery.url, {
        method: 'POST',
        headers: delivery.requestHeaders,
        body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT), stopping.signal]),
      });
      delivery.responseBody = await response.text();
      delivery.responseHeaders = Object.fromEntries(response.headers);
      delivery.statusCode = response.status;
      delivery.status = response.ok ? 'OK' : `Invalid HTTP Response: ${response.status}`;
    } catch (error) {
      delivery.status =
        error instanceof Error && error.name === 'TimeoutError' ? 'timed out' : 'failed to connect to host';
    }
    delivery.duration = Math.round(performance.now() - started) / 1000;
    if (delivery.status !== 'OK') log(`delivery ${delivery.guid} ${delivery.event}: ${delivery.status}`);
  };

  /** Takes its turn in the App's line, or, delayed, leaves the line. */
  const dispatch = (
    delivery: Delivery,
    options: { readonly unreachable?: boolean; readonly delay?: number } = {},
  ): void => {
    pending += 1;
    const run = async (): Promise<void> => {
      if (!stopping.signal.aborted) await send(delivery, options.unreachable ?? false);
    };
    const before =
      options.delay === undefined ? (chains.get(delivery.app.id) ?? Promise.resolve()) : later(options.delay);
    const mine = before.then(run).finally(settle);
    if (options.delay === undefined) chains.set(delivery.app.id, mine);
  };

  const later = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      stopping.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });

  const attempt = (
    app: App,
    url: string,
    source: Pick<Delivery, 'guid' | 'event' | 'action' | 'installationId' | 'repositoryId' | 'payload'>,
    redelivery: boolean,
  ): Delivery => ({
    ...source,
    id: world().id(),
    app,
    redelivery,
    url,
    requestHeaders: headersFor(app, source.event, source.guid, JSON.stringify(source.payload)),
    deliveredAt: world().now().toISOString(),
    duration: 0,
    status: 'pending',
    statusCode: 0,
    responseHeaders: {},
    responseBody: '',
  });

  const release = (delivery: Delivery): void => {
    const fault = faults.takeDelivery(delivery.event, delivery.action);
    if (fault?.kind === 'lose') return;
    if (fault?.kind === 'delay') return dispatch(delivery, { delay: fault.milliseconds });
    if (fault?.kind === 'fail') return dispatch(delivery, { unreachable: true });
    dispatch(delivery);
    if (fault?.kind === 'duplicate') dispatch(attempt(delivery.app, delivery.url, delivery, false));
  };

  const flush = (): void => {
    const turned = held.toReversed();
    held = [];
    faults.reordering.count = 0;
    for (const one of turned) release(one);
  };

  return {
    log: attempts,
    accept(happening) {
      for (const installation of world().state.installations.values()) {
        const { app } = installation;
        if (app.webhookUrl === null || !hears(installation, happening)) continue;
        const delivery = attempt(
          app,
          app.webhookUrl,
          {
            guid: world().guid(),
            event: happening.event,
            action: happening.action,
            installationId: installation.id,
            repositoryId: happening.repository?.id ?? null,
            payload:
              happening.payload['installation'] === undefined
                ? {
                    ...happening.payload,
                    installation: { id: installation.id, node_id: nodeId('Installation', installation.id) },
                  }
                : happening.payload,
          },
          false,
        );
        if (faults.reordering.count === 0) {
          release(delivery);
          continue;
        }
        held.push(delivery);
        faults.reordering.count -= 1;
        if (faults.reordering.count > 0) continue;
        flush();
      }
    },
    redeliver(id) {
      const known = attempts.find((delivery) => delivery.id === id);
      if (known === undefined) throw new Error(`No delivery ${id}`);
      dispatch(attempt(known.app, known.app.webhookUrl ?? known.url, known, true));
    },
    waitForIdle(timeoutMilliseconds = 30_000) {
      flush();
      if (pending === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`${pending} deliveries are still on their way after ${timeoutMilliseconds} ms`));
        }, timeoutMilliseconds);
        waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
    stop() {
      stopping.abort();
    },
  };
}
