import type { AccessPolicy, Subject, WriteRule } from '@holdpoint/core';

/** Everything here happens in this namespace, so that the rules have something to match and something not to. */
export const benchNamespace = 'bench';

export interface PoliciesInput {
  count: number;
  /** How many of them, evenly spread, govern `subject`; the others govern somebody else. */
  governing: number;
  subject: Subject;
}

/**
 * Policies as an admin might write them, all different in name and in their lists: ten rules each, some by namespace, some by
 * resource, some by CEL; the last allows workloads in {@link benchNamespace}, so that a write there has passed by all others.
 */
export function generatePolicies({ count, governing, subject }: PoliciesInput): AccessPolicy[] {
  const every = count / governing;
  return Array.from({ length: count }, (_, i) => {
    const governs = Math.floor(i / every) !== Math.floor((i - 1) / every);
    return policyOf(i, governs ? subject : { kind: 'Group', name: `team-${String(i)}-agents` });
  });
}

function policyOf(i: number, subject: Subject): AccessPolicy {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: `bench-${String(i).padStart(3, '0')}`, uid: `policy-${String(i)}`, generation: 1 },
    spec: {
      subjects: [{ kind: 'User', name: `intern-${String(i)}` }, subject],
      defaultAction: 'Hold',
      hold: { approvers: [{ kind: 'Group', name: 'sre' }], pauseFor: '1m' },
      rules: rulesOf(i),
    },
  };
}

function rulesOf(i: number): WriteRule[] {
  const registry = `registry-${String(i)}.example`;
  return [
    {
      name: 'never-delete-namespaces',
      action: 'Deny',
      message: 'Namespaces are deleted by people.',
      resourceRules: [{ apiGroups: [''], resources: ['namespaces'], operations: ['DELETE'] }],
    },
    {
      name: 'no-rbac',
      action: 'Deny',
      resourceRules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], operations: ['*'] }],
    },
    {
      name: 'no-tokens',
      action: 'Deny',
      resourceRules: [{ apiGroups: [''], resources: ['serviceaccounts/token', 'secrets'], operations: ['*'] }],
    },
    {
      name: 'no-host-access',
      action: 'Deny',
      message: 'Workloads run without access to their node.',
      resourceRules: [{ apiGroups: ['apps', 'batch'], resources: ['*'], operations: ['CREATE', 'UPDATE'] }],
      matchConditions: [
        {
          name: 'host-network-or-path',
          expression:
            'has(object.spec.template) && (object.spec.template.spec.?hostNetwork.orValue(false) || ' +
            'object.spec.template.spec.?volumes.orValue([]).exists(v, has(v.hostPath)))',
        },
      ],
    },
    {
      name: 'foreign-images',
      action: 'Hold',
      resourceRules: [{ apiGroups: ['apps'], resources: ['deployments'], operations: ['CREATE', 'UPDATE'] }],
      matchConditions: [
        {
          name: 'from-elsewhere',
          expression:
            'object.spec.template.spec.containers.exists(c, ' +
            `!c.image.startsWith("registry.example/") && !c.image.startsWith("${registry}/"))`,
        },
      ],
    },
    {
      name: 'scale-a-lot',
      action: 'Hold',
      resourceRules: [
        { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], operations: ['CREATE', 'UPDATE'] },
      ],
      matchConditions: [
        { name: 'many', expression: `object.spec.?replicas.orValue(1) > ${String(10 + (i % 7))}` },
        { name: 'more-than-before', expression: 'oldObject == null || object.spec.replicas > oldObject.spec.replicas' },
      ],
    },
    {
      name: 'protected-label',
      action: 'Deny',
      resourceRules: [{ apiGroups: ['*'], resources: ['*'], operations: ['UPDATE', 'DELETE'] }],
      matchConditions: [
        {
          name: 'is-protected',
          expression:
            `has(oldObject.metadata.labels) && "example.com/protected-${String(i)}" in oldObject.metadata.labels && ` +
            'request.operation != "CREATE"',
        },
      ],
    },
    {
      name: 'production-writes',
      action: 'Hold',
      namespaces: ['prod', 'prod-*', `team-${String(i)}-prod`],
      resourceRules: [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }],
    },
    {
      name: 'terminals',
      action: 'Allow',
      namespaces: ['dev', 'dev-*'],
      resourceRules: [{ apiGroups: [''], resources: ['pods/exec', 'pods/attach'], operations: ['CONNECT'] }],
    },
    {
      name: 'workloads',
      action: 'Allow',
      namespaces: [benchNamespace, `team-${String(i)}-*`],
      resourceRules: [{ apiGroups: ['', 'apps', 'batch'], resources: ['*'], operations: ['CREATE', 'UPDATE'] }],
    },
  ];
}
