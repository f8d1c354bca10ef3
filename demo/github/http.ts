/** One REST call and its answer, as the routes see them, and the errors that GitHub would give. */
import type { Matched } from './oracle/rest-oracle.ts';
import type { App, InstallationToken, Installation, User } from './state.ts';

/** Who calls. `app`: with the App's own JWT; `installation`: with an installation token. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'app'; readonly app: App }
  | {
      readonly kind: 'installation';
      readonly app: App;
      readonly installation: Installation;
      readonly token: InstallationToken;
    };

export interface Call {
  readonly operation: Matched['operation'];
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly caller: Caller;
  readonly accept: string;
  /** The address as it was asked for, for Link headers. */
  readonly address: URL;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error answer of GitHub's. */
export class HttpError extends Error {
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

export const notFound = (): HttpError => new HttpError(404, 'Not Found');

/** 422 in the shape of GitHub's validation errors. */
export function invalid(message: string, errors: readonly unknown[] = []): HttpError {
  return new HttpError(422, message, errors.length === 0 ? {} : { errors });
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });

/**
 * A body that GitHub's schema has already accepted. The readers repeat only what a caller needs to be typed; a value of
 * another type than asked for is a mistake of the stand-in, not of the caller.
 */
export class Body {
  readonly raw: Readonly<Record<string, unknown>>;

  constructor(raw: unknown) {
    this.raw = typeof raw === 'object' && raw !== null ? { ...raw } : {};
  }

  has(key: string): boolean {
    return this.raw[key] !== undefined;
  }

  text(key: string): string | null {
    const value = this.raw[key];
    return typeof value === 'string' ? value : null;
  }

  needText(key: string): string {
    const value = this.text(key);
    if (value === null)
      throw invalid('Validation Failed', [{ resource: 'Body', field: key, code: 'missing_field' }]);
    return value;
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.raw[key];
    return typeof value === 'boolean' ? value : otherwise;
  }

  number(key: string): number | null {
    const value = this.raw[key];
    return typeof value === 'number' ? value : null;
  }

  object(key: string): Body | null {
    const value = this.raw[key];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Body(value) : null;
  }

  objects(key: string): Body[] {
    const value = this.raw[key];
    return Array.isArray(value) ? value.map((item) => new Body(item)) : [];
  }

  texts(key: string): string[] {
    const value = this.raw[key];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  numbers(key: string): number[] {
    const value = this.raw[key];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
  }
}

/** One page of a list, with the Link header that says where the others are. `key`: the list is wrapped with its count. */
export async function paged<T>(
  call: Call,
  items: readonly T[],
  shape: (item: T) => unknown,
  key?: string,
): Promise<Answer> {
  const size = Math.min(100, Math.max(1, Number(call.query.get('per_page') ?? 30)));
  const page = Math.max(1, Number(call.query.get('page') ?? 1));
  const last = Math.max(1, Math.ceil(items.length / size));
  const body = await Promise.all(items.slice((page - 1) * size, page * size).map(shape));
  const link = (number: number, rel: string): string => {
    const address = new URL(call.address);
    address.searchParams.set('page', String(number));
    return `<${address.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ];
  return {
    status: 200,
    body: key === undefined ? body : { total_count: items.length, [key]: body },
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  };
}
