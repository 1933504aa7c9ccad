/**
 * What is asked of an OIDC issuer to log somebody in: an authorization code with PKCE, a device code, a renewal. Each check
 * that keeps an answer from being somebody else's (state, nonce, issuer, PKCE) is made here, by the library; what is done
 * with the tokens, and where they are kept, is the caller's.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  type Configuration,
  customFetch,
  discovery,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
  ResponseBodyError,
  type TokenEndpointResponse,
  tokenRevocation,
} from 'openid-client';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { isSafeEndpoint, type LoginSettings } from './login-settings.ts';

/** What an issuer gave, as it gave it. */
export interface Tokens {
  accessToken: string;
  idToken: string | undefined;
  refreshToken: string | undefined;
  expiresInSeconds: number | undefined;
}

/** A login that a person is to make in a browser. */
export interface BrowserLogin {
  url: URL;
  /** The answer to this login has it, and no other. */
  state: string;
  /** @param redirect where the browser was sent afterwards */
  redeem(redirect: URL): Promise<Tokens>;
}

/** A login that a person makes on any device. */
export interface DeviceLogin {
  url: URL;
  userCode: string;
  /** Resolves once the person is done. */
  redeem(signal: AbortSignal): Promise<Tokens>;
}

/** Every method rejects with ERR_UPSTREAM_UNAVAILABLE when the issuer does not answer, ERR_LOGIN_FAILED when it refuses. */
export interface LoginIssuer {
  browserLogin(redirectUri: string): Promise<BrowserLogin>;
  deviceLogin(): Promise<DeviceLogin>;
  /** Undefined when the refresh token is no longer good: somebody has to log in. */
  refresh(refreshToken: string): Promise<Tokens | undefined>;
  /** Takes it back, and with it the login. */
  revoke(refreshToken: string): Promise<void>;
}

/** Reads the issuer's metadata. Rejects as the methods do. */
export async function connectIssuer(settings: LoginSettings, fetch: typeof globalThis.fetch): Promise<LoginIssuer> {
  const told = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw failureOf(error, settings);
    });
  const metadata = { token_endpoint_auth_method: 'none' };
  const configuration = await told(
    discovery(settings.issuer, settings.clientId, metadata, None(), {
      [customFetch]: (url, init) => {
        assertSafe(new URL(url), settings);
        return fetch(url, init as RequestInit);
      },
      execute: settings.issuer.protocol === 'http:' ? [allowInsecureRequests] : [],
    }),
  );
  const asked = audienceParameters(settings);
  return {
    browserLogin: (redirectUri) => told(startBrowserLogin(configuration, settings, redirectUri)),
    async deviceLogin() {
      const device = await told(
        initiateDeviceAuthorization(configuration, { scope: settings.scopes.join(' '), ...asked }),
      );
      const url = new URL(device.verification_uri_complete ?? device.verification_uri);
      assertSafe(url, settings);
      return {
        url,
        userCode: device.user_code,
        redeem: async (signal) =>
          toTokens(await told(pollDeviceAuthorizationGrant(configuration, device, asked, { signal }))),
      };
    },
    revoke: (refreshToken) => told(tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' })),
    async refresh(refreshToken) {
      try {
        return toTokens(await refreshTokenGrant(configuration, refreshToken, asked));
      } catch (error) {
        if (error instanceof ResponseBodyError && error.error === 'invalid_grant') return undefined;
        throw failureOf(error, settings);
      }
    },
  };
}

async function startBrowserLogin(
  configuration: Configuration,
  settings: LoginSettings,
  redirectUri: string,
): Promise<BrowserLogin> {
  const [pkceCodeVerifier, state, nonce] = [randomPKCECodeVerifier(), randomState(), randomNonce()];
  const asked = audienceParameters(settings);
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: settings.scopes.join(' '),
    code_challenge: await calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...asked,
  });
  assertSafe(url, settings);
  const checks = { pkceCodeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  return {
    url,
    state,
    redeem: (redirect) =>
      authorizationCodeGrant(configuration, redirect, checks, asked).then(toTokens, (error: unknown) => {
        throw failureOf(error, settings);
      }),
  };
}

/** `resource` is RFC 8707's, a URI; `audience` is what several issuers had before it, and others pass over. */
function audienceParameters({ audience }: LoginSettings): Record<string, string> {
  if (audience === undefined) return {};
  return { audience, ...(URL.canParse(audience) ? { resource: audience } : {}) };
}

function assertSafe(url: URL, settings: LoginSettings): void {
  if (isSafeEndpoint(url, settings)) return;
  const message = `the issuer ${settings.issuer.href} names ${url.origin}: expected https://`;
  throw new HoldpointError('ERR_LOGIN_FAILED', message);
}

function toTokens(response: TokenEndpointResponse): Tokens {
  return {
    accessToken: response.access_token,
    idToken: response.id_token,
    refreshToken: response.refresh_token,
    expiresInSeconds: response.expires_in,
  };
}

/** What the issuer said, in its own words; never the request, in which a code or a token may stand. */
function failureOf(error: unknown, { issuer }: LoginSettings): HoldpointError {
  if (error instanceof HoldpointError) return error;
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    const words = error.error_description === undefined ? error.error : `${error.error}: ${error.error_description}`;
    return new HoldpointError('ERR_LOGIN_FAILED', `the issuer ${issuer.href} refuses: ${words}`, { cause: error });
  }
  if (error instanceof ClientError) {
    if (error.cause instanceof HoldpointError) return error.cause;
    const message = `the answer of ${issuer.href} is not to be trusted: ${error.message}`;
    return new HoldpointError('ERR_LOGIN_FAILED', message, { cause: error });
  }
  const message = `the issuer ${issuer.href} does not answer: ${innermost(error)}`;
  return new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', message, { cause: error });
}

/** `fetch failed` tells nothing; what it was caused by does. */
function innermost(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  const code = at instanceof Error && 'code' in at ? String(at.code) : '';
  return messageOf(at) || code;
}
