import { HoldpointError } from '@holdpoint/core';
import { isFresh, toCredential, type Credential } from './credential.ts';
import type { LoginIssuer, Tokens } from './issuer.ts';
import type { LoginSettings } from './login-settings.ts';
import type { TokenStore } from './token-store.ts';

/** What a credential is made of, where there is none yet. */
export interface ObtainParts {
  settings: LoginSettings;
  store: TokenStore;
  connect: () => Promise<LoginIssuer>;
  /** Has a person log in; undefined where there is nobody to. */
  logIn: ((issuer: LoginIssuer) => Promise<Tokens>) | undefined;
  /** The command line by which a person logs in. */
  command: string;
  now: () => number;
  /** Logs in, whatever is kept. */
  force: boolean;
}

/**
 * The kept token while it is good; else a renewed one; else a person logs in. However many ask at once, one renews: an issuer
 * may take a refresh token that comes twice for a stolen one, and end the login.
 *
 * @throws HoldpointError ERR_LOGIN_FAILED, telling what to run when there is nobody to log in
 */
export async function obtainCredential(parts: ObtainParts): Promise<Credential> {
  const { store, now, force, logIn } = parts;
  const kept = store.read();
  if (!force && kept !== undefined && isFresh(kept, now())) return kept;
  // Nobody waits for a lock that a person's login holds, only to hear that there is no person here.
  if (logIn === undefined && kept?.refreshToken === undefined) throw needsPerson(parts);
  return await store.alone(async () => {
    const since = store.read();
    if (since !== undefined && isFresh(since, now()) && (!force || since.token !== kept?.token)) return since;
    const credential = await renewOrLogIn(parts, since);
    store.write(credential);
    return credential;
  });
}

async function renewOrLogIn(parts: ObtainParts, before: Credential | undefined): Promise<Credential> {
  const { settings, store, logIn, force } = parts;
  const issuer = await parts.connect();
  if (!force && before?.refreshToken !== undefined) {
    const renewed = await issuer.refresh(before.refreshToken);
    if (renewed !== undefined) return toCredential(renewed, settings, before);
    store.remove();
  }
  if (logIn === undefined) throw needsPerson(parts);
  return toCredential(await logIn(issuer), settings);
}

function needsPerson({ settings, command }: ObtainParts): HoldpointError {
  return new HoldpointError(
    'ERR_LOGIN_FAILED',
    `no token of ${settings.issuer.href}, and nobody at a terminal to log in. Run this, then try again:\n  ${command}`,
  );
}
