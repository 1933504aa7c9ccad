import type { JwtAuthenticator, UserInfo } from '@holdpoint/core';
import {
  resultOf,
  type AuthenticationResult,
  type Authenticator,
  type ConfiguredAuthenticator,
} from './authenticator.ts';

/** An authenticator whose configuration may be replaced while it serves. */
export interface FollowedAuthenticator extends ConfiguredAuthenticator {
  /**
   * Every token that is looked at from now on is judged by this configuration.
   *
   * @throws HoldpointError ERR_CONFIG_INVALID when it cannot be served with; the one before stays
   */
  replace(configuration: readonly JwtAuthenticator[]): void;
}

/**
 * With a configuration goes everything that was remembered under it: a token whose issuer or rule is taken out stops with
 * the change, and one that was refused is looked at anew. Of a token that is being looked at meanwhile, the new one decides.
 *
 * @param make builds the authenticator of one configuration
 * @param onResult told what came of each request's token
 */
export function createFollowedAuthenticator(
  make: (configuration: readonly JwtAuthenticator[]) => ConfiguredAuthenticator,
  first: readonly JwtAuthenticator[],
  onResult: (result: AuthenticationResult) => void,
): FollowedAuthenticator {
  let current = make(first);
  const decide = async (token: string): Promise<UserInfo> => {
    for (;;) {
      const asked: Authenticator = current;
      const outcome = await asked.authenticate(token).then(
        (user) => ({ user }),
        (error: unknown) => ({ error }),
      );
      if (asked !== current) continue;
      if ('user' in outcome) return outcome.user;
      throw outcome.error;
    }
  };
  return {
    remembered: () => current.remembered(),
    replace(configuration) {
      current = make(configuration);
    },
    async authenticate(token) {
      try {
        const user = await decide(token);
        onResult('success');
        return user;
      } catch (error) {
        onResult(resultOf(error));
        throw error;
      }
    },
  };
}
