import type { UserInfo } from './user-info.ts';

/**
 * Where the API server writes which credential a user came with: a client certificate's fingerprint, a token's `jti`. It does so
 * while it authenticates, and impersonation leaves it behind: admission sees the impersonated user, and of the one who
 * impersonates nothing at all. That this extra is there is the one sign that the user is who they are.
 * Source: apiserver pkg/authentication/user CredentialIDKey (KEP-4193).
 */
export const credentialIdExtra = 'authentication.kubernetes.io/credential-id';

/**
 * True when the user came with a credential of their own, and was not impersonated. (Who may impersonate this extra too may
 * do anything: `userextras/…` is nobody's but the control plane's.)
 *
 * @param extra the extra to look for; empty where the cluster's authenticator writes none, and impersonation cannot be told
 */
export function hasOwnCredential(user: UserInfo, extra: string): boolean {
  return extra === '' || (user.extra[extra] ?? []).length > 0;
}

/** Told to whoever decides without one. */
export const noCredential =
  'nothing shows whose credential this is, as when somebody impersonates them: decide with your own';
