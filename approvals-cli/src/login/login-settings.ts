import { HoldpointError } from '@holdpoint/core';

/** Where a token comes from, and what it is for. Two logins with the same settings share one token. */
export interface LoginSettings {
  issuer: URL;
  clientId: string;
  /** Sorted, `openid` among them. */
  scopes: readonly string[];
  /** Of the access token; without one, the id token is used, whose audience is the client. */
  audience: string | undefined;
}

/** As they stand on the command line. */
export interface LoginFlags {
  issuer: string;
  clientId: string;
  scopes: string;
  audience?: string;
  allowInsecureIssuer?: boolean;
}

/** A refresh token, where the issuer gives one for this scope; many give one without. */
export const defaultScopes = 'openid,offline_access';

/**
 * Plain http is for an issuer on this very machine, and only where it is asked for.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export function parseLoginSettings(flags: LoginFlags): LoginSettings {
  const scopes = flags.scopes.split(/[\s,]+/).filter((scope) => scope !== '');
  if (flags.clientId === '') throw new HoldpointError('ERR_CONFIG_INVALID', '--client-id: expected a name');
  if (flags.audience === '') throw new HoldpointError('ERR_CONFIG_INVALID', '--audience: expected a name');
  return {
    issuer: parseIssuer(flags.issuer, flags.allowInsecureIssuer === true),
    clientId: flags.clientId,
    scopes: [...new Set(['openid', ...scopes])].sort(),
    audience: flags.audience,
  };
}

/** Throws ERR_CONFIG_INVALID unless both are given. */
export function requireIssuer({ issuer, clientId }: { issuer?: string; clientId?: string }): {
  issuer: string;
  clientId: string;
} {
  if (issuer !== undefined && clientId !== undefined) return { issuer, clientId };
  throw new HoldpointError('ERR_CONFIG_INVALID', 'give --issuer and --client-id');
}

function parseIssuer(text: string, allowInsecure: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.password === '' && url.search + url.hash === '';
  if (!isPlain || !(url.protocol === 'https:' || url.protocol === 'http:')) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--issuer ${text}: expected an https:// URL, and nothing but`);
  }
  if (url.protocol === 'http:' && !(allowInsecure && isLoopback(url))) {
    const message = `--issuer ${text}: plain http is for an issuer on this machine, with --allow-insecure-issuer`;
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
  return url;
}

/** By address: what `localhost` stands for is a resolver's word. */
export function isLoopback(url: URL): boolean {
  return url.hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(url.hostname);
}

/** May a browser, or a request with a code or a token in it, be sent there? */
export function isSafeEndpoint(url: URL, settings: LoginSettings): boolean {
  return (
    url.protocol === 'https:' || (settings.issuer.protocol === 'http:' && url.protocol === 'http:' && isLoopback(url))
  );
}
