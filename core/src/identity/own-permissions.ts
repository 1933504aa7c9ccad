import { extraKeys } from './user-info.ts';

/** A rule as RBAC and SelfSubjectRulesReview have it. Source: k8s.io/api/authorization/v1 ResourceRule, NonResourceRule. */
export interface PermissionRule {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  resources?: readonly string[];
  /** None: every name. */
  resourceNames?: readonly string[];
  nonResourceURLs?: readonly string[];
}

/** What the API server says an account may do in one namespace, what it may do everywhere included. */
export interface OwnRules {
  namespace: string;
  rules: readonly PermissionRule[];
}

/** What an account needs: everywhere, and in single namespaces. */
export interface PermissionTable {
  everywhere: readonly PermissionRule[];
  inNamespace: Readonly<Record<string, readonly PermissionRule[]>>;
}

const holdpoint = ['holdpoint.dev'];
const configurations = {
  apiGroups: ['admissionregistration.k8s.io'],
  resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
};
const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };

/** What the webhook needs. A test holds it against deploy/rbac/webhook.yaml, rule by rule: change both. */
export const webhookPermissions: PermissionTable = {
  everywhere: [
    { apiGroups: holdpoint, resources: ['accesspolicies'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: holdpoint, resources: ['accesspolicies/status'], verbs: ['update'] },
    { apiGroups: holdpoint, resources: ['holds'], verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'] },
    { apiGroups: holdpoint, resources: ['grants'], verbs: ['get', 'list', 'watch', 'update', 'delete'] },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    { ...configurations, verbs: ['create'] },
    { ...configurations, resourceNames: ['holdpoint.dev'], verbs: ['get', 'update'] },
  ],
  inNamespace: {
    'holdpoint-system': [
      { ...leases, verbs: ['create'] },
      { ...leases, resourceNames: ['holdpoint-webhook'], verbs: ['get', 'update'] },
    ],
    default: [{ apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }],
  },
};

/**
 * What the proxy needs. A test holds it against deploy/rbac/proxy.yaml and deploy/rbac/service-account-tokens/proxy.yaml,
 * rule by rule: change both.
 *
 * @param serviceAccountNamespaces whose service accounts it serves: the API server asks for their impersonation in the
 *   namespace of each, so that it need not be given for those of the control plane
 */
export function proxyPermissions(serviceAccountNamespaces: readonly string[]): PermissionTable {
  const impersonate = ['impersonate'];
  const extras = Object.values(extraKeys).map((key) => `userextras/${key}`);
  const everywhere: PermissionRule[] = [
    { apiGroups: [''], resources: ['users', 'groups'], verbs: impersonate },
    { apiGroups: ['authentication.k8s.io'], resources: extras, verbs: impersonate },
    { apiGroups: holdpoint, resources: ['accesspolicies', 'holds', 'grants'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['apiregistration.k8s.io'], resources: ['apiservices'], verbs: ['get', 'list', 'watch'] },
  ];
  if (serviceAccountNamespaces.length === 0) return { everywhere, inNamespace: {} };
  const accounts = [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: impersonate }];
  return {
    everywhere: [
      ...everywhere,
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    ],
    inNamespace: Object.fromEntries(serviceAccountNamespaces.map((namespace) => [namespace, accounts])),
  };
}

/**
 * What Kubernetes gives to every service account. Source: kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy
 * (system:basic-user, system:discovery, system:public-info-viewer, system:service-account-issuer-discovery,
 * system:cluster-trust-bundle-discovery).
 */
const everyAccountMay: readonly PermissionRule[] = [
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    verbs: ['create'],
  },
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  { apiGroups: ['certificates.k8s.io'], resources: ['clustertrustbundles'], verbs: ['get', 'list', 'watch'] },
  {
    nonResourceURLs: [
      ...['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', '/version', '/version/'],
      ...['/healthz', '/livez', '/readyz'],
      ...['/.well-known/openid-configuration', '/.well-known/openid-configuration/'],
      ...['/openid/v1/jwks', '/openid/v1/jwks/'],
    ],
    verbs: ['get'],
  },
];

/**
 * What an account may do beyond its table, one line each (`delete pods in default`), sorted; empty when there is nothing.
 * A `*` stands for more than any table names, so it is always too much.
 */
export function excessPermissions(owned: readonly OwnRules[], table: PermissionTable): string[] {
  return linesOf(owned, ({ namespace, rules }) => {
    const needed = [...everyAccountMay, ...table.everywhere, ...(table.inNamespace[namespace] ?? [])];
    return rules.flatMap((rule) => uncovered(rule, needed));
  });
}

/** What an account lacks of its table, one line each, sorted; empty when there is nothing. */
export function missingPermissions(owned: readonly OwnRules[], table: PermissionTable): string[] {
  return linesOf(owned, ({ namespace, rules }) => {
    const needed = [...table.everywhere, ...(table.inNamespace[namespace] ?? [])];
    return needed.flatMap((rule) => uncovered(rule, rules));
  });
}

function linesOf(owned: readonly OwnRules[], linesIn: (own: OwnRules) => string[]): string[] {
  const places = new Map<string, string[]>();
  for (const own of owned) {
    for (const line of new Set(linesIn(own))) places.set(line, [...(places.get(line) ?? []), own.namespace]);
  }
  return [...places].map(([line, namespaces]) => `${line} in ${namespaces.join(' and ')}`).sort();
}

/** What of a rule none of the others gives. */
function uncovered(rule: PermissionRule, others: readonly PermissionRule[]): string[] {
  const names = rule.resourceNames ?? [];
  const named = names.length === 0 ? '' : ` named ${names.join(', ')}`;
  const ofUrls = (rule.nonResourceURLs ?? []).flatMap((url) =>
    rule.verbs
      .filter((verb) => !others.some((each) => has(each.verbs, verb) && has(each.nonResourceURLs, url)))
      .map((verb) => `${verb} ${url}`),
  );
  const ofResources = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      rule.verbs
        .filter((verb) => !others.some((each) => covers(each, verb, group, resource, names)))
        .map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}${named}`),
    ),
  );
  return [...ofUrls, ...ofResources];
}

function covers(
  rule: PermissionRule,
  verb: string,
  group: string,
  resource: string,
  names: readonly string[],
): boolean {
  if (!has(rule.verbs, verb) || !has(rule.apiGroups, group) || !has(rule.resources, resource)) return false;
  const only = rule.resourceNames ?? [];
  return only.length === 0 || (names.length > 0 && names.every((name) => only.includes(name)));
}

/** A `*` covers all, itself included. */
function has(values: readonly string[] | undefined, value: string): boolean {
  return values !== undefined && (values.includes(value) || values.includes('*'));
}
