/** Where a host is. An IPv6 address stands as it is, without brackets. */
export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const USER = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/;
const SSH = 22;

/** Whether it is one, without brackets; not one with a zone (`%eth0`), which is another host on every machine. */
const isIpv6 = (text: string): boolean =>
  /^[0-9A-Fa-f:.]+$/.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`);

/** Whether it can be a host's name, or its IPv4 or IPv6 address. */
export const isHostName = (text: string): boolean => NAME.test(text) || isIpv6(text);

/** Whether it can be the name of a host's account. */
export const isUserName = (text: string): boolean => USER.test(text);

/** A host as people write it, so that {@link readHostAddress} reads it: an IPv6 address in brackets; SSH's own port isn't said. */
export function writtenAddress({ host, port }: HostAddress): string {
  const written = host.includes(':') ? `[${host}]` : host;
  return port === SSH ? written : `${written}:${port}`;
}

/** As {@link writtenAddress}, of the `HOST:PORT` that entries and facts have. */
export function writtenName(name: string): string {
  const at = name.lastIndexOf(':');
  return writtenAddress({ host: name.slice(0, at), port: Number(name.slice(at + 1)) });
}

/** Whether both name one host: an IPv6 address can be spelled in many ways. */
export function isSameAddress(one: HostAddress, other: HostAddress): boolean {
  return one.port === other.port && spelled(one.host) === spelled(other.host);
}

const spelled = (host: string): string =>
  isIpv6(host) ? (URL.parse(`http://[${host}]/`)?.hostname ?? host) : host;

/**
 * Reads `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT` or a bare IPv6 address, each with `USER@` before it or without. Throws, in a
 * sentence for whoever wrote it, where it is none of these, or could be two.
 */
export function readHostAddress(text: string): HostAddress & { readonly user: string | null } {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? null : text.slice(0, at);
  const place = text.slice(at + 1);
  if (user !== null && !isUserName(user)) throw noAddress(text);
  return { user, ...placeOf(text, place) };
}

function placeOf(text: string, place: string): HostAddress {
  const [, inBrackets, portBeside] = /^\[(.*)\](?::(\d{1,5}))?$/.exec(place) ?? [];
  if (inBrackets !== undefined) {
    if (!isIpv6(inBrackets)) throw noAddress(text);
    return { host: inBrackets, port: portOf(text, portBeside) };
  }
  const [, before = '', after] = /^(.*?)(?::(\d{1,5}))?$/.exec(place) ?? [];
  if (after !== undefined && isIpv6(before)) {
    const whole = isIpv6(place) ? `[${place}] or ` : '';
    throw new Error(
      `${JSON.stringify(text)} is not plain: an IPv6 address that a port follows has brackets, so write ${whole}[${before}]:${after}`,
    );
  }
  if (isIpv6(place)) return { host: place, port: SSH };
  if (!NAME.test(before)) throw noAddress(text);
  return { host: before, port: portOf(text, after) };
}

function portOf(text: string, written: string | undefined): number {
  const port = written === undefined ? SSH : Number(written);
  if (port < 1 || port > 65_535) throw noAddress(text);
  return port;
}

const noAddress = (text: string): Error =>
  new Error(
    `${JSON.stringify(text)} is not USER@HOST or USER@HOST:PORT, nor USER@[ADDRESS]:PORT with an IPv6 address`,
  );
