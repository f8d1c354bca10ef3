/** Who is calling: an App by its own JWT, an installation or a person by a token, or nobody. */
import { createVerify } from 'node:crypto';

import { HttpError, type Caller } from './http.ts';
import type { App, InstallationToken, User } from './state.ts';
import type { World } from './world.ts';

const badCredentials = (): HttpError => new HttpError(401, 'Bad credentials');
const undecodable = (): HttpError => new HttpError(401, 'A JSON web token could not be decoded');

function json(part: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    throw undecodable();
  }
}

function appOfJwt(world: World, jwt: string): App {
  const [head, claims, signature] = jwt.split('.');
  if (json(head)['alg'] !== 'RS256' || signature === undefined) throw undecodable();
  const { iss, iat, exp } = json(claims);
  const app = [...world.state.apps.values()].find(
    (one) => String(one.id) === String(iss) || one.clientId === iss,
  );
  if (app === undefined) throw new HttpError(404, 'Integration not found');
  const verified = createVerify('RSA-SHA256')
    .update(`${head}.${claims}`)
    .verify(app.publicKey, Buffer.from(signature, 'base64url'));
  if (!verified) throw undecodable();
  const now = world.now().getTime() / 1000;
  if (typeof exp !== 'number' || exp <= now)
    throw new HttpError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  if (exp > now + 630) throw new HttpError(401, "'Expiration time' claim ('exp') is too far in the future");
  if (typeof iat !== 'number' || iat > now + 60)
    throw new HttpError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  return app;
}

function callerOfToken(world: World, token: string): Caller {
  const installed: InstallationToken | undefined = world.state.tokens.get(token);
  if (installed !== undefined) {
    if (installed.expiresAt <= world.now().getTime()) throw badCredentials();
    const { installation } = installed;
    if (!world.state.installations.has(installation.id)) throw badCredentials();
    if (installation.suspendedAt !== null) throw new HttpError(403, 'This installation has been suspended');
    return { kind: 'installation', app: installation.app, installation, token: installed };
  }
  const user = [...world.state.accounts.values()].find(
    (account): account is User => account.kind === 'User' && account.token === token,
  );
  if (user === undefined) throw badCredentials();
  return { kind: 'user', user };
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Reads an `Authorization` header of the API, or of git (`Basic`). */
export function authenticate(world: World, header: string | undefined): Caller {
  if (header === undefined) return { kind: 'anonymous' };
  const [scheme = '', credential = ''] = header.split(/ +/, 2);
  if (scheme.toLowerCase() === 'basic') {
    const password = Buffer.from(credential, 'base64').toString('utf8').split(':').slice(1).join(':');
    return callerOfToken(world, password);
  }
  if (JWT.test(credential) && !credential.startsWith('ghs_'))
    return { kind: 'app', app: appOfJwt(world, credential) };
  return callerOfToken(world, credential);
}

/** How a caller is named in the request log. */
export function nameOf(caller: Caller): string {
  if (caller.kind === 'user') return `user:${caller.user.login}`;
  if (caller.kind === 'anonymous') return 'anonymous';
  return `${caller.kind}:${caller.app.slug}`;
}
