import type { JsonValue } from '../kubernetes/object.ts';
import { parseClaimMappings, type ClaimMappings } from './claim-mappings.ts';
import { at, invalid, listAt, objectAt, onlyFields, onlyOnce, optionalTextAt, textAt } from './configuration-fields.ts';
import { parseClaimRules, parseUserRules, type ClaimRule, type RuleExpression } from './validation-rules.ts';

/** One OIDC issuer, as in the API server's own file. Source: k8s.io/apiserver pkg/apis/apiserver/v1 types.go. */
export interface JwtAuthenticator {
  issuer: {
    url: string;
    /** Where the discovery document is, exactly. */
    discoveryUrl: string;
    /** The token must be for one of these. */
    audiences: readonly string[];
    /** PEM; undefined: the system's own. */
    certificateAuthority?: string;
  };
  mappings: ClaimMappings;
  claimRules: readonly ClaimRule[];
  userRules: readonly RuleExpression[];
}

const versions = ['apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1beta1'];
/** The API server's own bound. */
const maxIssuers = 64;

/**
 * Reads an AuthenticationConfiguration, the file that the API server reads, and compiles its expressions. Where the API
 * server would refuse the file, so do we. `anonymous` is read and has no effect here: without a token the proxy serves
 * nobody, whatever the API server does.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID with the path of the first field that is missing, malformed or not known: a rule
 *   that was silently left out would let somebody in
 */
export function parseAuthenticationConfiguration(value: unknown): JwtAuthenticator[] {
  const root = objectAt(value as JsonValue, '');
  onlyFields(root, '', ['apiVersion', 'kind', 'jwt', 'anonymous']);
  if (root.kind !== 'AuthenticationConfiguration') throw invalid('kind', 'expected AuthenticationConfiguration');
  if (typeof root.apiVersion !== 'string' || !versions.includes(root.apiVersion)) {
    throw invalid('apiVersion', `expected ${versions.join(' or ')}`);
  }
  checkAnonymous(root.anonymous);
  const authenticators = listAt(root.jwt, 'jwt').map((each, index) => parseJwt(each, `jwt[${String(index)}]`));
  if (authenticators.length > maxIssuers) throw invalid('jwt', `expected at most ${String(maxIssuers)} issuers`);
  onlyOnce(
    authenticators.map(({ issuer }) => issuer.url),
    (index) => `jwt[${String(index)}].issuer.url`,
  );
  onlyOnce(
    authenticators.map(({ issuer }) => issuer.discoveryUrl),
    (index) => `jwt[${String(index)}].issuer.discoveryURL`,
  );
  return authenticators;
}

function checkAnonymous(value: JsonValue | undefined): void {
  if (value === undefined || value === null) return;
  const anonymous = objectAt(value, 'anonymous');
  onlyFields(anonymous, 'anonymous', ['enabled', 'conditions']);
  if (typeof anonymous.enabled !== 'boolean') throw invalid('anonymous.enabled', 'expected true or false');
  if (!anonymous.enabled && listAt(anonymous.conditions, 'anonymous.conditions').length > 0) {
    throw invalid('anonymous.conditions', 'enabled should be set to true when conditions are defined');
  }
}

function parseJwt(value: JsonValue, path: string): JwtAuthenticator {
  const jwt = objectAt(value, path);
  onlyFields(jwt, path, ['issuer', 'claimMappings', 'claimValidationRules', 'userValidationRules']);
  const issuer = parseIssuer(jwt.issuer, at(path, 'issuer'));
  const claimRules = parseClaimRules(jwt.claimValidationRules, at(path, 'claimValidationRules'));
  const mappings = parseClaimMappings(jwt.claimMappings, at(path, 'claimMappings'));
  checkEmail(mappings, claimRules, at(path, 'claimMappings.username.expression'));
  return {
    issuer,
    mappings,
    claimRules,
    userRules: parseUserRules(jwt.userValidationRules, at(path, 'userValidationRules')),
  };
}

/** With a claim, `email_verified` is looked at by itself; an expression has to. As the API server has it. */
function checkEmail({ username, extra }: ClaimMappings, rules: readonly ClaimRule[], path: string): void {
  if (!('expression' in username) || !username.expression.fields.includes('claims.email')) return;
  const expressions = [username, ...extra, ...rules].flatMap((each) =>
    'expression' in each ? each.expression.fields : [],
  );
  if (expressions.includes('claims.email_verified')) return;
  throw invalid(
    path,
    'claims.email_verified must be used in claimMappings.username.expression, claimMappings.extra[*].valueExpression ' +
      'or claimValidationRules[*].expression when claims.email is used here',
  );
}

function parseIssuer(value: JsonValue | undefined, path: string): JwtAuthenticator['issuer'] {
  const issuer = objectAt(value, path);
  onlyFields(issuer, path, ['url', 'discoveryURL', 'audiences', 'audienceMatchPolicy', 'certificateAuthority']);
  const url = httpsAt(issuer.url, at(path, 'url'));
  const discovery =
    optionalTextAt(issuer.discoveryURL, at(path, 'discoveryURL')) === ''
      ? undefined
      : httpsAt(issuer.discoveryURL, at(path, 'discoveryURL'));
  if (discovery?.replace(/\/+$/, '') === url.replace(/\/+$/, '')) {
    throw invalid(at(path, 'discoveryURL'), 'must be different from url');
  }
  const audiences = listAt(issuer.audiences, at(path, 'audiences')).map((each, index) =>
    textAt(each, `${path}.audiences[${String(index)}]`),
  );
  if (audiences.length === 0) throw invalid(at(path, 'audiences'), 'expected at least one audience');
  onlyOnce(audiences, (index) => `${path}.audiences[${String(index)}]`);
  const policy = optionalTextAt(issuer.audienceMatchPolicy, at(path, 'audienceMatchPolicy'));
  if (policy !== 'MatchAny' && (policy !== '' || audiences.length > 1)) {
    const when = audiences.length > 1 ? ' with more than one audience' : '';
    throw invalid(at(path, 'audienceMatchPolicy'), `expected MatchAny${when}`);
  }
  const authority = optionalTextAt(issuer.certificateAuthority, at(path, 'certificateAuthority'));
  if (authority !== '' && !authority.includes('-----BEGIN CERTIFICATE-----')) {
    throw invalid(at(path, 'certificateAuthority'), 'expected certificates as PEM');
  }
  return {
    url,
    discoveryUrl: discovery ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`,
    audiences,
    ...(authority === '' ? {} : { certificateAuthority: authority }),
  };
}

function httpsAt(value: JsonValue | undefined, path: string): string {
  const url = textAt(value, path);
  if (!/^https:\/\/[^/?#@\s]+[^?#@\s]*$/.test(url)) {
    throw invalid(path, 'expected an https URL without user, query or fragment');
  }
  return url;
}
