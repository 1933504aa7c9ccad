import { messageOf } from '@holdpoint/core';
import { connectIssuer } from '../login/issuer.ts';
import { createFetch } from '../login/fetch-with-ca.ts';
import { parseLoginSettings, requireIssuer, type LoginFlags } from '../login/login-settings.ts';
import { readCaFile } from '../login/read-ca-file.ts';
import { createTokenStore } from '../login/token-store.ts';
import type { LoginContext } from './context.ts';
import { tokenFolder } from './login.ts';

/** Of `approvals logout`. */
export interface LogoutFlags extends Omit<LoginFlags, 'issuer' | 'clientId'> {
  issuer?: string;
  clientId?: string;
  caFile?: string;
}

/**
 * Forgets the token of a login, and has its issuer take the refresh token back. The token itself is good until its end: nobody
 * asks the issuer about it.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export async function logout(context: LoginContext, flags: LogoutFlags): Promise<void> {
  const settings = parseLoginSettings({ ...flags, ...requireIssuer(flags) });
  const ca = readCaFile(flags.caFile);
  const store = createTokenStore(tokenFolder(context.homeFolder), settings);
  const kept = store.read();
  store.remove();
  if (kept === undefined) {
    context.print('No login was kept.');
    return;
  }
  context.print('Logged out.');
  const { refreshToken } = kept;
  if (refreshToken === undefined) return;
  try {
    await (await connectIssuer(settings, createFetch(ca))).revoke(refreshToken);
  } catch (error) {
    context.warn(`What renews the token is gone from here, but not taken back: ${messageOf(error)}`);
  }
}
