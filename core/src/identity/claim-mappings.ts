import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { at, invalid, listAt, objectAt, onlyFields, onlyOnce, optionalTextAt, textAt } from './configuration-fields.ts';
import { compileIdentityExpression, type IdentityExpression } from './identity-expression.ts';
import { extraKeys } from './user-info.ts';

/** How one claim, or an expression over all of them, becomes a username, a list of groups, or a uid. */
export type NameMapping = { claim: string; prefix: string } | { expression: IdentityExpression };

export interface ExtraMapping {
  key: string;
  expression: IdentityExpression;
}

/** Source: k8s.io/apiserver pkg/apis/apiserver/v1 ClaimMappings. */
export interface ClaimMappings {
  username: NameMapping;
  groups?: NameMapping;
  uid?: NameMapping;
  extra: readonly ExtraMapping[];
}

/** What only a token may fill of our own extras; the others are the proxy's word about the request. */
const mappable: readonly string[] = [extraKeys.session, extraKeys.onBehalfOf];

/** @throws HoldpointError ERR_CONFIG_INVALID with path and reason: what the API server would not load, neither do we */
export function parseClaimMappings(value: JsonValue | undefined, path: string): ClaimMappings {
  const mappings = objectAt(value, path);
  onlyFields(mappings, path, ['username', 'groups', 'uid', 'extra']);
  const username = parseName(mappings.username, at(path, 'username'), ['string', 'dyn']);
  if (username === undefined) throw invalid(at(path, 'username'), 'claim or expression is required');
  const groups = parseName(mappings.groups, at(path, 'groups'), ['string', 'list', 'null', 'dyn']);
  const uid = parseUid(mappings.uid, at(path, 'uid'));
  const extra = listAt(mappings.extra, at(path, 'extra')).map((each, index) =>
    parseExtra(each, `${path}.extra[${String(index)}]`),
  );
  onlyOnce(
    extra.map(({ key }) => key),
    (index) => `${path}.extra[${String(index)}].key`,
  );
  return { username, ...(groups === undefined ? {} : { groups }), ...(uid === undefined ? {} : { uid }), extra };
}

function parseName(value: JsonValue | undefined, path: string, types: readonly string[]): NameMapping | undefined {
  if (value === undefined || value === null) return undefined;
  const mapping = objectAt(value, path);
  onlyFields(mapping, path, ['claim', 'prefix', 'expression']);
  const { claim, expression } = claimOrExpression(mapping, path);
  if (expression !== '') {
    if (isSet(mapping.prefix)) throw invalid(at(path, 'prefix'), 'may not be specified when expression is set');
    return { expression: expressionAt(expression, at(path, 'expression'), types) };
  }
  if (claim === '') return undefined;
  // As the API server insists: without a prefix, names of this issuer would be anybody's. An empty one says so on purpose.
  if (!isSet(mapping.prefix)) throw invalid(at(path, 'prefix'), 'expected a string; "" for no prefix');
  return { claim, prefix: optionalTextAt(mapping.prefix, at(path, 'prefix')) };
}

function parseUid(value: JsonValue | undefined, path: string): NameMapping | undefined {
  if (!isSet(value)) return undefined;
  const mapping = objectAt(value, path);
  onlyFields(mapping, path, ['claim', 'expression']);
  const { claim, expression } = claimOrExpression(mapping, path);
  if (expression !== '') return { expression: expressionAt(expression, at(path, 'expression'), ['string', 'dyn']) };
  return claim === '' ? undefined : { claim, prefix: '' };
}

function claimOrExpression(mapping: JsonObject, path: string): { claim: string; expression: string } {
  const claim = optionalTextAt(mapping.claim, at(path, 'claim'));
  const expression = optionalTextAt(mapping.expression, at(path, 'expression'));
  if (claim !== '' && expression !== '') throw invalid(path, "claim and expression can't both be set");
  return { claim, expression };
}

function parseExtra(value: JsonValue, path: string): ExtraMapping {
  const mapping = objectAt(value, path);
  onlyFields(mapping, path, ['key', 'valueExpression']);
  const key = textAt(mapping.key, at(path, 'key'));
  const problem = extraKeyProblem(key);
  if (problem !== undefined) throw invalid(at(path, 'key'), problem);
  const source = textAt(mapping.valueExpression, at(path, 'valueExpression'));
  return {
    key,
    expression: expressionAt(source, at(path, 'valueExpression'), ['string', 'list', 'null', 'dyn']),
  };
}

/** Source: apimachinery IsDomainPrefixedPath, and the API server's own rules on top of it. */
function extraKeyProblem(key: string): string | undefined {
  const [, domain] = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)\/[^/]/.exec(key) ?? [];
  if (domain === undefined || !/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(key)) {
    return 'expected a domain-prefixed path such as example.org/foo';
  }
  if (key !== key.toLowerCase()) return 'must be lowercase';
  if (/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(domain))
    return 'k8s.io, kubernetes.io and what is below them are reserved';
  if (key.startsWith('holdpoint.dev/') && !mappable.includes(key)) {
    return `of holdpoint.dev, a token may set ${mappable.join(' and ')} alone`;
  }
  return undefined;
}

function expressionAt(source: string, path: string, types: readonly string[]): IdentityExpression {
  const compiled = compileIdentityExpression(source, 'claims', path, types);
  if ('problem' in compiled) throw invalid(path, compiled.problem);
  return compiled.expression;
}

function isSet(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && (!isJsonObject(value) || Object.keys(value).length > 0);
}
