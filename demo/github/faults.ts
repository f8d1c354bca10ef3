/** What can be made to go wrong, as it does with the real one: late, doubled, lost, out of order, limited, down. */

/** Which deliveries a fault is meant for; left out: any. */
export interface DeliveryMatch {
  readonly event?: string;
  readonly action?: string;
}

/** Which requests a fault is meant for; left out: any of the App's own. */
export interface RequestMatch {
  /** Part of the operation, such as `POST /repos/{owner}/{repo}/check-runs` or `graphql`. */
  readonly operation?: string;
  /** Who calls, as in the request log; default: any App, not people. */
  readonly by?: string;
}

export interface RequestFault {
  /** `unavailable`: 503. `error`: 502. `rate_limited`: 403 with none left. `secondary_limit`: 429 with Retry-After. `reset`: the line breaks. */
  readonly kind: 'unavailable' | 'error' | 'rate_limited' | 'secondary_limit' | 'reset';
  readonly count: number;
  readonly match?: RequestMatch;
  /** Done by the server although the caller hears of a failure. */
  readonly afterDoing?: boolean;
  readonly retryAfterSeconds?: number;
}

interface DeliveryFault {
  readonly kind: 'delay' | 'duplicate' | 'lose' | 'fail';
  remaining: number;
  readonly match: DeliveryMatch;
  readonly milliseconds: number;
}

interface Armed extends RequestFault {
  remaining: number;
}

export interface Faults {
  /** Each of the next matching deliveries comes this much later, so that others overtake it. */
  delay(milliseconds: number, count?: number, match?: DeliveryMatch): void;
  /** The same delivery, under the same GUID, is sent twice. */
  duplicate(count?: number, match?: DeliveryMatch): void;
  /** GitHub never creates the delivery: it is not in the log either. */
  lose(count?: number, match?: DeliveryMatch): void;
  /** It is in the log as failed, but never arrived: redelivery can bring it. */
  fail(count?: number, match?: DeliveryMatch): void;
  /** Holds the next `count` deliveries back and sends them last first. */
  reorder(count: number): void;
  /** Answers the App's next requests with a failure. */
  requests(fault: RequestFault): void;
  clear(): void;
}

export interface ArmedFaults extends Faults {
  takeDelivery(
    event: string,
    action: string | null,
  ): { kind: 'delay' | 'duplicate' | 'lose' | 'fail'; milliseconds: number } | null;
  takeRequest(operation: string, by: string): RequestFault | null;
  /** How many deliveries are to be held and reversed. */
  readonly reordering: { count: number };
}

/** Nothing goes wrong until told to. */
export function makeFaults(): ArmedFaults {
  let deliveries: DeliveryFault[] = [];
  let requests: Armed[] = [];
  const reordering = { count: 0 };
  const arm = (
    kind: DeliveryFault['kind'],
    remaining: number,
    match: DeliveryMatch,
    milliseconds = 0,
  ): void => {
    deliveries.push({ kind, remaining, match, milliseconds });
  };
  return {
    delay: (milliseconds, count = 1, match = {}) => arm('delay', count, match, milliseconds),
    duplicate: (count = 1, match = {}) => arm('duplicate', count, match),
    lose: (count = 1, match = {}) => arm('lose', count, match),
    fail: (count = 1, match = {}) => arm('fail', count, match),
    reorder: (count) => {
      reordering.count = count;
    },
    requests: (fault) => {
      requests.push({ ...fault, remaining: fault.count });
    },
    clear: () => {
      deliveries = [];
      requests = [];
      reordering.count = 0;
    },
    takeDelivery: (event, action) => {
      const found = deliveries.find(
        ({ remaining, match }) =>
          remaining > 0 &&
          (match.event === undefined || match.event === event) &&
          (match.action === undefined || match.action === action),
      );
      if (found === undefined) return null;
      found.remaining -= 1;
      return found;
    },
    takeRequest: (operation, by) => {
      const found = requests.find(
        ({ remaining, match }) =>
          remaining > 0 &&
          (match?.operation === undefined || operation.includes(match.operation)) &&
          (match?.by === undefined
            ? by.startsWith('app:') || by.startsWith('installation:')
            : match.by === by),
      );
      if (found === undefined) return null;
      found.remaining -= 1;
      return found;
    },
    reordering,
  };
}
