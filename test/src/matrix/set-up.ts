import { eventually } from '../eventually.ts';
import type { Answer, Caller } from './caller.ts';
import { discover, isWritten, type Served } from './discovery.ts';
import { customResourceDefinitions, minimalObjects, type Surroundings } from './minimal-objects.ts';
import { createExisting, type RequestContext } from './requests.ts';

/** What stands in every refusal that the policy below gives. */
export const marker = 'matrix-marker-5b1f';
export const namespace = 'matrix';

export interface Callers {
  admin: Caller;
  governed: Caller;
  person: Caller;
  approver: Caller;
}

const rbac = 'rbac.authorization.k8s.io';
const policies = '/apis/holdpoint.dev/v1alpha1/accesspolicies';

/**
 * Makes one object of everything that is served, then puts a policy over the governed that refuses whatever reaches it.
 * RBAC gives everybody everything, so that it never answers first.
 *
 * @returns what is served; the two custom resources among it
 */
export async function setUpMatrix(
  { admin, governed, approver }: Callers,
  surroundings: Surroundings,
): Promise<{ served: Served[]; context: RequestContext }> {
  await create(admin, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await create(admin, `/apis/${rbac}/v1/clusterrolebindings`, {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everything-to-everybody' },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: ['ai-agents', 'developers', 'sre'].map((name) => ({ kind: 'Group', name, apiGroup: rbac })),
  });
  for (const definition of customResourceDefinitions) {
    await create(admin, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  }
  const context = { namespace, objects: minimalObjects(surroundings), admin };
  const served = await eventually('the custom resources in discovery', async () => {
    const all = await discover(admin);
    return all.filter(({ group }) => group === 'matrix.test').length === 6 ? all : undefined;
  });
  for (const each of served) {
    if (isWritten(each) && !isMadeByAsking(each)) await createExisting(each, context);
  }
  await askForHoldAndGrant({ admin, governed, approver }, context);
  // The same policy, so that nobody is ungoverned in between.
  const { spec } = policyOf('ask', { action: 'Deny', message: marker });
  const refusing = await admin.send('PATCH', `${policies}/ask`, { spec }, 'application/merge-patch+json');
  if (refusing.code !== 200) throw new Error(`the policy cannot be changed: ${refusing.text}`);
  await eventually('the refusal', async () => {
    const { text } = await writeAs(governed, 'refused');
    return text.includes(marker) ? true : undefined;
  });
  return { served, context };
}

function isMadeByAsking({ group, resource }: Served): boolean {
  return group === 'holdpoint.dev' && (resource === 'holds' || resource === 'grants');
}

/** A hold and a grant are there because somebody asked: nobody can write one as they like. */
async function askForHoldAndGrant(
  { admin, governed, approver }: Pick<Callers, 'admin' | 'governed' | 'approver'>,
  context: RequestContext,
): Promise<void> {
  const hold = { approvers: [{ kind: 'Group', name: 'sre' }] };
  await create(admin, policies, policyOf('ask', { action: 'Hold', hold }));
  await eventually('a hold', async () => {
    const { code } = await writeAs(governed, 'held');
    return code === 429 ? true : undefined;
  });
  const { items } = await admin.get<{ items: { metadata: { name: string } }[] }>('/apis/holdpoint.dev/v1alpha1/holds');
  const name = items[0]?.metadata.name ?? '';
  const holds = context.objects['holds.holdpoint.dev'];
  if (holds !== undefined) holds.names = { existing: name, created: 'matrix-new' };
  const { body } = context.objects['grants.holdpoint.dev'] ?? { body: {} };
  const apiVersion = 'holdpoint.dev/v1alpha1';
  await create(approver, '/apis/holdpoint.dev/v1alpha1/grants', {
    ...{ apiVersion, kind: 'Grant', metadata: { name: 'matrix' } },
    ...body,
  });
}

function policyOf(name: string, rule: object): { spec: object; [field: string]: unknown } {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: {
      subjects: [{ kind: 'Group', name: 'ai-agents' }],
      defaultAction: 'Deny',
      rules: [
        {
          name: 'everything',
          resourceRules: [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }],
          ...rule,
        },
      ],
      exec: { record: 'Off' },
    },
  };
}

/** A write until admission knows of a policy: its registration reaches the API server by a watch, a moment after it is written. */
async function writeAs(caller: Caller, name: string): Promise<Answer> {
  const metadata = { generateName: `${name}-` };
  return await caller.send('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata },
  });
}

async function create(caller: Caller, path: string, body: object): Promise<void> {
  const answer = await caller.send('POST', path, body);
  if (answer.code !== 201) throw new Error(`POST ${path}: ${String(answer.code)} ${answer.text}`);
}
