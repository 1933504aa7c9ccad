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
  const places = new Map<string, string[]>();
  for (const { namespace, rules } of owned) {
    const needed = [...everyAccountMay, ...table.everywhere, ...(table.inNamespace[namespace] ?? [])];
    for (const line of new Set(rules.flatMap((rule) => excessOf(rule, needed)))) {
      places.set(line, [...(places.get(line) ?? []), namespace]);
    }
  }
  return [...places].map(([line, namespaces]) => `${line} in ${namespaces.join(' and ')}`).sort();
}

function excessOf(rule: PermissionRule, needed: readonly PermissionRule[]): string[] {
  const names = rule.resourceNames ?? [];
  const named = names.length === 0 ? '' : ` named ${names.join(', ')}`;
  const ofUrls = (rule.nonResourceURLs ?? []).flatMap((url) =>
    rule.verbs
      .filter(
        (verb) => !needed.some((each) => each.nonResourceURLs?.includes(url) === true && each.verbs.includes(verb)),
      )
      .map((verb) => `${verb} ${url}`),
  );
  const ofResources = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      rule.verbs
        .filter((verb) => !needed.some((each) => covers(each, verb, group, resource, names)))
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
  if (!rule.verbs.includes(verb)) return false;
  if (rule.apiGroups?.includes(group) !== true || rule.resources?.includes(resource) !== true) return false;
  const only = rule.resourceNames;
  return only === undefined || (names.length > 0 && names.every((name) => only.includes(name)));
}
