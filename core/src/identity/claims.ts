import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { JwtAuthenticator } from './authentication-configuration.ts';
import type { NameMapping } from './claim-mappings.ts';
import { IdentityValues } from './identity-expression.ts';
import { credentialIdExtra } from './own-credential.ts';
import { refused, safeName } from './safe-name.ts';
import { extraKeys, type UserInfo } from './user-info.ts';
import type { ClaimRule, RuleExpression } from './validation-rules.ts';

/** The group that the API server adds to everyone it knows; policies may name it as a subject. */
export const authenticatedGroup = 'system:authenticated';

/** Where a session is looked for when no mapping names it. */
export const defaultSessionClaims: readonly string[] = ['sid', 'jti'];

/** A session is a word in a header of every request and in every row of the record: room for any id, and not for a text. */
const maxSessionLength = 256;

/**
 * Maps the claims of a verified token to a user, as the API server would. The session is what is mapped to the extra
 * `holdpoint.dev/session`, else the first of `sessionClaims` that there is, else none; the person on whose behalf the agent
 * acts is what is mapped to `holdpoint.dev/on-behalf-of`, else `on_behalf_of`, else with an RFC 8693 `act` claim the
 * token's own subject.
 *
 * @throws HoldpointError ERR_TOKEN_INVALID naming the claim or expression when one is missing, malformed, not true as a rule
 *   demands, or would become a `system:` name
 */
export function userInfoOf(
  claims: JsonObject,
  authenticator: JwtAuthenticator,
  sessionClaims: readonly string[] = defaultSessionClaims,
): UserInfo {
  const values = new IdentityValues('claims', claims);
  const { mappings } = authenticator;
  checkClaims(claims, authenticator.claimRules, values);
  const username = usernameOf(claims, mappings.username, values);
  const groups = mappings.groups === undefined ? [] : groupsOf(claims, mappings.groups, values);
  const uid = mappings.uid === undefined ? '' : textOf(claims, mappings.uid, values);
  const mapped = mappings.extra.map(({ key, expression }): [string, string[]] => [
    key,
    textsOf(expression.path, expression.evaluate(values)),
  ]);
  const extra = {
    ...(typeof claims.jti === 'string' && claims.jti !== '' ? { [credentialIdExtra]: [`JTI=${claims.jti}`] } : {}),
    ...Object.fromEntries(mapped.filter(([, texts]) => texts.length > 0)),
  };
  const user = { username, ...(uid === '' ? {} : { uid }), groups, extra };
  checkUser(user, authenticator.userRules);
  return { ...user, extra: { ...extra, ...ownExtras(claims, extra, authenticator, sessionClaims) } };
}

function usernameOf(claims: JsonObject, mapping: NameMapping, values: IdentityValues): string {
  const username = textOf(claims, mapping, values);
  if (username === '') throw refused(sourceOf(mapping), 'is empty');
  if ('claim' in mapping && mapping.claim === 'email' && claims.email_verified !== undefined) {
    if (claims.email_verified !== true) throw refused('the claim email_verified', 'is not true');
  }
  return safeName(sourceOf(mapping), username);
}

function textOf(claims: JsonObject, mapping: NameMapping, values: IdentityValues): string {
  if ('expression' in mapping) {
    const text = mapping.expression.evaluate(values);
    if (typeof text !== 'string') throw refused(sourceOf(mapping), 'is not a string');
    return text;
  }
  const text = optionalText(claims[mapping.claim]);
  if (text === undefined) throw refused(sourceOf(mapping), 'is missing or not a string');
  return mapping.prefix + text;
}

function groupsOf(claims: JsonObject, mapping: NameMapping, values: IdentityValues): string[] {
  const source = sourceOf(mapping);
  if ('expression' in mapping) {
    return textsOf(source, mapping.expression.evaluate(values)).map((group) => safeName(source, group));
  }
  const value = claims[mapping.claim];
  // Groups that the issuer keeps elsewhere would be none: a policy that is stricter for one of them would not be asked.
  if (value === undefined && isJsonObject(claims._claim_names) && mapping.claim in claims._claim_names) {
    throw refused(source, 'is a distributed claim, which is not supported: have the issuer write it into the token');
  }
  return textsOf(source, value ?? null).map((group) => safeName(source, mapping.prefix + group));
}

/** Nothing for "", [] and null; empty texts in a list are left out. Source: convertCELValueToStringList. */
function textsOf(source: string, value: unknown): string[] {
  if (value === null) return [];
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  return texts
    .map((text) => {
      if (typeof text !== 'string') throw refused(source, 'is neither a string nor a list of strings');
      return text;
    })
    .filter((text) => text !== '');
}

function checkClaims(claims: JsonObject, rules: readonly ClaimRule[], values: IdentityValues): void {
  for (const rule of rules) {
    if ('expression' in rule) checkRule(rule, values);
    else if (claims[rule.claim] !== rule.value) throw refused(`the claim ${rule.claim}`, 'has not the required value');
  }
}

function checkUser(user: UserInfo, rules: readonly RuleExpression[]): void {
  if (rules.length === 0) return;
  const { username, uid = '', groups, extra } = user;
  const values = new IdentityValues('user', {
    username,
    uid,
    groups: [...groups],
    extra: Object.fromEntries(Object.entries(extra).map(([key, texts]) => [key, [...texts]])),
  });
  for (const rule of rules) checkRule(rule, values);
}

function checkRule({ expression, message }: RuleExpression, values: IdentityValues): void {
  if (expression.evaluate(values) === true) return;
  throw refused(expression.path, message === '' ? 'is not true' : `is not true: ${message}`);
}

/** What of our own extras the token says, each with one value. */
function ownExtras(
  claims: JsonObject,
  extra: Readonly<Record<string, readonly string[]>>,
  { mappings }: JwtAuthenticator,
  sessionClaims: readonly string[],
): Record<string, string[]> {
  const session =
    extra[extraKeys.session]?.[0] ?? sessionClaims.map((claim) => optionalText(claims[claim])).find(isText);
  const prefix = 'claim' in mappings.username ? mappings.username.prefix : '';
  const unmapped = onBehalfOf(claims);
  const principal = extra[extraKeys.onBehalfOf]?.[0] ?? (unmapped === undefined ? undefined : prefix + unmapped);
  return {
    ...(session === undefined ? {} : { [extraKeys.session]: [safeWord('the session', session)] }),
    ...(principal === undefined ? {} : { [extraKeys.onBehalfOf]: [safeWord('the person acted for', principal)] }),
  };
}

function safeWord(source: string, text: string): string {
  if (text.length > maxSessionLength) {
    throw refused(source, `has more than ${String(maxSessionLength)} characters`);
  }
  if (/^\s|\s$|\p{Cc}/u.test(text)) throw refused(source, 'has a control character, or white space at an end');
  return text;
}

/** RFC 8693, section 4.1: with `act`, `sub` is the person and `act.sub` the agent that acts for them. */
function onBehalfOf(claims: JsonObject): string | undefined {
  return optionalText(claims.on_behalf_of) ?? (isJsonObject(claims.act) ? optionalText(claims.sub) : undefined);
}

function sourceOf(mapping: NameMapping): string {
  return 'claim' in mapping ? `the claim ${mapping.claim}` : mapping.expression.path;
}

function optionalText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isText(value: string | undefined): value is string {
  return value !== undefined;
}
