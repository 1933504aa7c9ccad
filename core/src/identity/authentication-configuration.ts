import { HoldpointError } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';

/** How one claim becomes a username, or a list of groups. */
export interface PrefixedClaim {
  claim: string;
  prefix: string;
}

/** One OIDC issuer, as in the API server's own file. Source: k8s.io/apiserver pkg/apis/apiserver/v1 types.go. */
export interface JwtAuthenticator {
  issuer: {
    url: string;
    /** Where `/.well-known/openid-configuration` is asked for, when not at `url`. */
    discoveryUrl: string;
    audiences: readonly string[];
    /** PEM; undefined: the system's own. */
    certificateAuthority?: string;
  };
  username: PrefixedClaim;
  groups?: PrefixedClaim;
  /** Claims that must have exactly this value. */
  requiredClaims: readonly { claim: string; value: string }[];
}

const versions = ['apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1beta1'];

/**
 * Reads an AuthenticationConfiguration, the file that the API server reads. Throws ERR_CONFIG_INVALID with the path of the
 * first field that is missing, malformed or not supported here (CEL expressions, uid and extra mappings): a rule that was
 * silently left out would let somebody in.
 */
export function parseAuthenticationConfiguration(value: unknown): JwtAuthenticator[] {
  const root = objectAt(value as JsonValue, '');
  known(root, '', ['apiVersion', 'kind', 'jwt']);
  if (root.kind !== 'AuthenticationConfiguration') throw invalid('kind', 'expected AuthenticationConfiguration');
  if (typeof root.apiVersion !== 'string' || !versions.includes(root.apiVersion)) {
    throw invalid('apiVersion', `expected ${versions.join(' or ')}`);
  }
  const authenticators = listAt(root.jwt, 'jwt').map((each, at) => parseJwt(each, `jwt[${String(at)}]`));
  if (authenticators.length === 0) throw invalid('jwt', 'expected at least one issuer');
  const urls = authenticators.map((each) => each.issuer.url);
  const twice = urls.findIndex((url, at) => urls.indexOf(url) !== at);
  if (twice >= 0) throw invalid(`jwt[${String(twice)}].issuer.url`, 'another entry has this issuer already');
  return authenticators;
}

function parseJwt(value: JsonValue, path: string): JwtAuthenticator {
  const jwt = objectAt(value, path);
  known(jwt, path, ['issuer', 'claimMappings', 'claimValidationRules']);
  const mappings = objectAt(jwt.claimMappings, `${path}.claimMappings`);
  known(mappings, `${path}.claimMappings`, ['username', 'groups']);
  const rules = listAt(jwt.claimValidationRules ?? [], `${path}.claimValidationRules`);
  return {
    issuer: parseIssuer(jwt.issuer, `${path}.issuer`),
    username: parseClaim(mappings.username, `${path}.claimMappings.username`),
    ...(mappings.groups === undefined ? {} : { groups: parseClaim(mappings.groups, `${path}.claimMappings.groups`) }),
    requiredClaims: rules.map((rule, at) => parseRule(rule, `${path}.claimValidationRules[${String(at)}]`)),
  };
}

function parseIssuer(value: JsonValue | undefined, path: string): JwtAuthenticator['issuer'] {
  const issuer = objectAt(value, path);
  known(issuer, path, ['url', 'discoveryURL', 'audiences', 'audienceMatchPolicy', 'certificateAuthority']);
  const url = httpsAt(issuer.url, `${path}.url`);
  const discovery =
    issuer.discoveryURL === undefined ? undefined : httpsAt(issuer.discoveryURL, `${path}.discoveryURL`);
  const audiences = listAt(issuer.audiences, `${path}.audiences`).map((each, at) =>
    textAt(each, `${path}.audiences[${String(at)}]`),
  );
  if (audiences.length === 0) throw invalid(`${path}.audiences`, 'expected at least one audience');
  const policy = issuer.audienceMatchPolicy;
  if (policy !== undefined && policy !== 'MatchAny' && policy !== '') {
    throw invalid(`${path}.audienceMatchPolicy`, 'expected MatchAny');
  }
  return {
    url,
    discoveryUrl: discovery ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`,
    audiences,
    ...(issuer.certificateAuthority === undefined || issuer.certificateAuthority === ''
      ? {}
      : { certificateAuthority: textAt(issuer.certificateAuthority, `${path}.certificateAuthority`) }),
  };
}

function parseClaim(value: JsonValue | undefined, path: string): PrefixedClaim {
  const mapping = objectAt(value, path);
  known(mapping, path, ['claim', 'prefix']);
  const claim = textAt(mapping.claim, `${path}.claim`);
  // As the API server insists: without a prefix, names of this issuer would be anybody's. An empty one says so on purpose.
  if (typeof mapping.prefix !== 'string') throw invalid(`${path}.prefix`, 'expected a string; "" for no prefix');
  return { claim, prefix: mapping.prefix };
}

function parseRule(value: JsonValue, path: string): { claim: string; value: string } {
  const rule = objectAt(value, path);
  known(rule, path, ['claim', 'requiredValue']);
  const required = rule.requiredValue ?? '';
  if (typeof required !== 'string') throw invalid(`${path}.requiredValue`, 'expected a string');
  return { claim: textAt(rule.claim, `${path}.claim`), value: required };
}

function known(object: JsonObject, path: string, fields: readonly string[]): void {
  for (const field of Object.keys(object)) {
    if (fields.includes(field)) continue;
    throw invalid(path === '' ? field : `${path}.${field}`, `not supported; supported here: ${fields.join(', ')}`);
  }
}

function objectAt(value: JsonValue | undefined, path: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(path === '' ? 'the document' : path, 'expected an object');
  return value;
}

function listAt(value: JsonValue | undefined, path: string): JsonValue[] {
  if (!Array.isArray(value)) throw invalid(path, 'expected a list');
  return value;
}

function textAt(value: JsonValue | undefined, path: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(path, 'expected a non-empty string');
  return value;
}

function httpsAt(value: JsonValue | undefined, path: string): string {
  const url = textAt(value, path);
  if (!/^https:\/\/[^/?#@\s]+[^?#@\s]*$/.test(url))
    throw invalid(path, 'expected an https URL without user, query or fragment');
  return url;
}

function invalid(path: string, problem: string): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', `AuthenticationConfiguration: ${path}: ${problem}`);
}
