import type { AccessPolicy } from '@holdpoint/core';
import type { Stack } from '@holdpoint/local';
import { eventually } from './eventually.ts';

/** The group that the scenario's rules lend, once `makeAgentReadOnly` is through. */
export const deployers = 'holdpoint:deployer';

const rbac = 'rbac.authorization.k8s.io';
const bound = (name: string, role: string, group: string): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'Group', name: group, apiGroup: rbac }],
});

/** More than a deployer needs: what the permission could be put to is the point. */
const deployerRole = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name: 'deployer' },
  rules: [
    {
      apiGroups: ['', 'apps', rbac, 'authentication.k8s.io', 'policy'],
      resources: ['*', '*/*'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'bind', 'escalate'],
    },
  ],
};

/**
 * Takes every write from the scenario's agent: it may `view`, and nothing else. What its rules hold in production, and allow in
 * development, they lend it the permission for. Resolves once the webhook enforces it.
 */
export async function makeAgentReadOnly(stack: Stack): Promise<void> {
  const must = async (args: readonly string[], input?: object): Promise<string> => {
    const { code, stdout, stderr } = await stack.kubectl('admin', args, {
      ...(input === undefined ? {} : { input: JSON.stringify(input) }),
    });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  await must(['delete', 'clusterrolebinding', 'scenario-agents-edit', 'scenario-namespaces', '--ignore-not-found']);
  const objects = [deployerRole, bound('deployer', 'deployer', deployers), bound('agents-view', 'view', 'ai-agents')];
  await must(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: objects });
  await lend(stack, lending);
}

const lending = ['production-writes', 'development-is-free', 'recorded-terminals'];

/** Has these of the scenario's rules lend the permission, and no others. Resolves once the webhook enforces it. */
export async function lend(stack: Stack, rulesThatDo: readonly string[]): Promise<void> {
  const policy = async (): Promise<AccessPolicy> => {
    const { stdout } = await stack.kubectl('admin', ['get', 'accesspolicy', 'coding-agents', '-o', 'json']);
    return JSON.parse(stdout) as AccessPolicy;
  };
  const rules = ((await policy()).spec.rules ?? []).map(({ elevate: _before, ...rule }) =>
    rulesThatDo.includes(rule.name) ? { ...rule, elevate: { groups: [deployers] } } : rule,
  );
  const patch = ['patch', 'accesspolicy', 'coding-agents', '--type=merge', '-p', JSON.stringify({ spec: { rules } })];
  const { code, stderr } = await stack.kubectl('admin', patch);
  if (code !== 0) throw new Error(`kubectl ${patch.join(' ')}: ${stderr}`);
  await eventually('the policy is enforced as it stands', async () => {
    const { metadata, status } = await policy();
    const enforced = status?.conditions?.find(({ type }) => type === 'Enforced');
    return enforced?.status === 'True' && enforced.observedGeneration === metadata.generation ? true : undefined;
  });
}
