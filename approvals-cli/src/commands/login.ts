import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import { claimsIn, type Credential } from '../login/credential.ts';
import { execApiVersions, parseExecInfo, toExecCredential } from '../login/exec-credential.ts';
import { createFetch } from '../login/fetch-with-ca.ts';
import { connectIssuer, type LoginIssuer, type Tokens } from '../login/issuer.ts';
import { loginWords } from '../login/login-words.ts';
import { parseLoginSettings, requireIssuer, type LoginFlags } from '../login/login-settings.ts';
import { obtainCredential } from '../login/obtain-credential.ts';
import { openBrowser } from '../login/open-browser.ts';
import { createRedirectListener } from '../login/redirect-listener.ts';
import { readCaFile } from '../login/read-ca-file.ts';
import { createTokenStore } from '../login/token-store.ts';
import { quoteShell } from '../output/shell-words.ts';
import { toPrintable } from '../output/table.ts';
import type { LoginContext } from './context.ts';

/** Of `approvals login`. */
export interface LoginCommandFlags extends Omit<LoginFlags, 'issuer' | 'clientId'> {
  issuer?: string;
  clientId?: string;
  tokenEnv?: string;
  caFile?: string;
  device: boolean;
  browser: boolean;
  force: boolean;
  execCredential: boolean;
}

/** A person finds their second factor; a listener that is left behind is gone after that. */
const loginTimeoutMs = 5 * 60_000;

/**
 * Logs in at an OIDC issuer, or renews the token that is kept. Run by kubectl, prints an ExecCredential; run by a person,
 * tells until when it lasts, and no token.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID, ERR_LOGIN_FAILED, or ERR_UPSTREAM_UNAVAILABLE when the issuer does not answer
 */
export async function login(context: LoginContext, options: LoginCommandFlags): Promise<void> {
  const info = parseExecInfo(context.env['KUBERNETES_EXEC_INFO']);
  const isPlugin = info !== undefined || options.execCredential;
  if (options.tokenEnv !== undefined) {
    // A token on a terminal is one in a log.
    if (!isPlugin)
      throw new HoldpointError('ERR_CONFIG_INVALID', '--token-env is for kubectl to run: see --exec-credential');
    handOn(context, options, options.tokenEnv, info?.apiVersion);
    return;
  }
  const flags = { ...options, ...requireIssuer(options) };
  const settings = parseLoginSettings(flags);
  const ca = readCaFile(flags.caFile);
  const interactive = info === undefined ? !flags.execCredential : info.interactive;
  const credential = await obtainCredential({
    settings,
    store: createTokenStore(tokenFolder(context.homeFolder), settings),
    connect: () => connectIssuer(settings, createFetch(ca)),
    logIn: interactive ? (issuer) => logIn(context, issuer, flags) : undefined,
    command: quoteShell([context.program, ...loginWords(flags)]),
    now: context.now,
    force: flags.force,
  });
  if (isPlugin) {
    context.print(toExecCredential(info?.apiVersion ?? execApiVersions[0], credential.token, credential.expiresAt));
    return;
  }
  context.print(told(credential));
}

/** The audience, too: a server that says no to a token says nothing of why. */
function told({ token, expiresAt, refreshToken }: Credential): string {
  const { sub = 'somebody without a name', aud } = claimsIn(token) ?? {};
  const renewed = refreshToken === undefined ? '' : ', and is renewed by itself';
  return toPrintable(
    `Logged in as ${String(sub)}, with a token for ${[aud].flat().join(', ')}. It lasts until ${new Date(expiresAt).toISOString()}${renewed}.`,
  );
}

/** A pipeline's token: whoever runs it puts a new one there; nothing of it is kept. */
function handOn(context: LoginContext, { issuer }: LoginCommandFlags, variable: string, apiVersion?: string): void {
  if (issuer !== undefined) throw new HoldpointError('ERR_CONFIG_INVALID', 'give --issuer or --token-env, not both');
  const token = (context.env[variable] ?? '').trim();
  if (token === '' || /\s/.test(token)) {
    const message = `--token-env ${variable}: the variable is not set, or is no token; in a pipeline, have its id token put there`;
    throw new HoldpointError('ERR_LOGIN_FAILED', message);
  }
  const exp = claimsIn(token)?.['exp'];
  const expiresAt = typeof exp === 'number' ? exp * 1_000 : undefined;
  context.print(toExecCredential(apiVersion ?? execApiVersions[0], token, expiresAt));
}

/** Beside what kubectl keeps. */
export function tokenFolder(homeFolder: string): string {
  return join(homeFolder, '.kube', 'cache', 'holdpoint-login');
}

async function logIn(
  context: LoginContext,
  issuer: LoginIssuer,
  { device, browser }: LoginCommandFlags,
): Promise<Tokens> {
  const signal = AbortSignal.timeout(loginTimeoutMs);
  return device ? await logInByDevice(context, issuer, signal) : await logInByBrowser(context, issuer, browser, signal);
}

async function logInByBrowser(
  { warn }: LoginContext,
  issuer: LoginIssuer,
  opens: boolean,
  signal: AbortSignal,
): Promise<Tokens> {
  const listener = await createRedirectListener();
  try {
    const { url, state, redeem } = await issuer.browserLogin(listener.redirectUri);
    warn(`Log in with a browser on this machine:\n  ${url.href}`);
    const redirect = listener.redirect(state, signal);
    if (opens) openBrowser(url);
    return await redeem(await redirect);
  } finally {
    listener.close();
  }
}

async function logInByDevice({ warn }: LoginContext, issuer: LoginIssuer, signal: AbortSignal): Promise<Tokens> {
  const { url, userCode, redeem } = await issuer.deviceLogin();
  warn(
    `Log in with a browser on any device:\n  ${url.href}\nIt shows, or asks for, this code: ${toPrintable(userCode)}`,
  );
  return await redeem(signal);
}
