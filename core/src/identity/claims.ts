import { HoldpointError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { isJsonObject } from '../kubernetes/object.ts';
import type { JwtAuthenticator, PrefixedClaim } from './authentication-configuration.ts';
import { extraKeys, type UserInfo } from './user-info.ts';

/** The group that the API server adds to everyone it knows; policies may name it as a subject. */
export const authenticatedGroup = 'system:authenticated';

/**
 * Maps the claims of a verified token to a user, as the API server would, and finds the session (`sid`, else `jti`) and
 * the person on whose behalf the agent acts (`on_behalf_of`; with an RFC 8693 `act` claim, the token's own subject).
 *
 * @throws HoldpointError ERR_TOKEN_INVALID naming the claim when one is missing, malformed, has not the required value,
 *   or would become a `system:` name: those are the cluster's own, and no issuer outside may hand them out
 */
export function userInfoOf(claims: JsonObject, authenticator: JwtAuthenticator): UserInfo {
  for (const { claim, value } of authenticator.requiredClaims) {
    if (claims[claim] !== value) throw refused(claim, 'has not the required value');
  }
  const { username: mapping } = authenticator;
  const username = safeName(mapping, mapping.prefix + textClaim(claims, mapping.claim));
  if (mapping.claim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true) {
    throw refused('email_verified', 'is not true');
  }
  const session = optionalText(claims.sid) ?? optionalText(claims.jti);
  const principal = onBehalfOf(claims);
  return {
    username,
    groups: groupsOf(claims, authenticator.groups),
    extra: {
      ...(session === undefined ? {} : { [extraKeys.session]: [session] }),
      ...(principal === undefined ? {} : { [extraKeys.onBehalfOf]: [mapping.prefix + principal] }),
    },
  };
}

function groupsOf(claims: JsonObject, mapping: PrefixedClaim | undefined): string[] {
  if (mapping === undefined) return [];
  const value = claims[mapping.claim];
  if (value === undefined || value === null) return [];
  const groups = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(groups)) throw refused(mapping.claim, 'is neither a string nor a list of strings');
  return groups
    .map((group) => {
      if (typeof group !== 'string') throw refused(mapping.claim, 'is neither a string nor a list of strings');
      return group;
    })
    .filter((group) => group !== '')
    .map((group) => safeName(mapping, mapping.prefix + group));
}

/** RFC 8693, section 4.1: with `act`, `sub` is the person and `act.sub` the agent that acts for them. */
function onBehalfOf(claims: JsonObject): string | undefined {
  return optionalText(claims.on_behalf_of) ?? (isJsonObject(claims.act) ? optionalText(claims.sub) : undefined);
}

function textClaim(claims: JsonObject, claim: string): string {
  const value = optionalText(claims[claim]);
  if (value === undefined) throw refused(claim, 'is missing or not a string');
  return value;
}

function optionalText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A name travels in a header: what a header would trim or refuse could arrive as another name. */
function safeName(mapping: PrefixedClaim, name: string): string {
  if (/^\s|\s$|\p{Cc}/u.test(name)) throw refused(mapping.claim, 'has a control character, or white space at an end');
  if (name.toLowerCase().startsWith('system:'))
    throw refused(mapping.claim, 'would become a name of the system: space');
  return name;
}

function refused(claim: string, problem: string): HoldpointError {
  return new HoldpointError('ERR_TOKEN_INVALID', `the claim ${claim} ${problem}`, { details: { claim } });
}
