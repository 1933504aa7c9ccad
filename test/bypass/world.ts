import { expect } from '@jest/globals';
import { decisionAnnotation, holdCauseReason, reasonAnnotation, type Hold, type WriteRule } from '@holdpoint/core';
import { startScenario, type CommandResult, type Stack, type User } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createCaller, type Answer, type Caller, type Sent } from './caller.ts';

/**
 * A cluster with a hostile agent in it. The agent is the scenario's `coding-agent`, and its RBAC is as generous as RBAC gets
 * short of impersonation: whatever does not happen here, Holdpoint stopped.
 */
export interface World {
  readonly stack: Stack;
  /** The agent, straight at the API server, and through the proxy. */
  readonly direct: Caller;
  readonly proxied: Caller;
  /** Cluster-admin, and governed by nobody: prepares, and looks at what really happened. */
  readonly admin: Caller;
  /** Two approvers. */
  readonly alice: Caller;
  readonly bob: Caller;
  /** A developer whom no policy governs. */
  readonly carol: Caller;
  kubectl(user: User, args: readonly string[], input?: object | string): Promise<CommandResult>;
  /** A service account with the agent's RBAC; governed, if rules are given, by a policy of its own. */
  account(name: string, rules?: readonly WriteRule[], more?: object): Promise<Caller>;
  /** Creates or replaces, as admin. */
  put(object: KubeObject): Promise<void>;
  /** The object at this path, as admin sees it; undefined when there is none. */
  see(path: string): Promise<KubeObject | undefined>;
  exists(path: string): Promise<boolean>;
  /** Sends what is held, and returns the hold that asks about it. */
  ask(as: Caller, sent: Sent): Promise<string>;
  decide(as: Caller, hold: string, verdict?: 'approve' | 'deny'): Promise<Answer>;
  /** Asks, and has it approved: the same request passes once. */
  askAndApprove(as: Caller, sent: Sent): Promise<string>;
  phaseOf(hold: string): Promise<string | undefined>;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; [more: string]: unknown };
  [more: string]: unknown;
}

/** Everything that is no impersonation: `*` as a verb would have that too. */
const generousRole = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'generous' },
  rules: [
    {
      apiGroups: ['*'],
      resources: ['*', '*/*'],
      verbs: [
        ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
        ...['bind', 'escalate', 'approve', 'sign', 'attest'],
      ],
    },
  ],
};

/**
 * The scenario's own policy keeps a client for a minute; here nobody waits for a person who is not coming. And the agent of a
 * whole family asks more than one agent would: floods have accounts of their own.
 */
const impatient = { spec: { hold: { pauseFor: '1s' }, maxPending: 1_000 } };

export async function openWorld(): Promise<World> {
  const stack = await startScenario();
  const { caFile, urls } = stack;
  const at = (url: string, token: string): Caller => createCaller(url, caFile, token);
  const kubectl: World['kubectl'] = (user, args, input) =>
    stack.kubectl(user, args, {
      timeoutMs: 20_000,
      ...(input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) }),
    });
  const must = async (args: readonly string[], input?: object): Promise<string> => {
    const { code, stdout, stderr } = await kubectl('admin', args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  await must(['create', 'serviceaccount', 'auditor', '-n', 'kube-system']);
  await must(['apply', '-f', '-'], generousRole);
  await Promise.all([
    must([
      ...['create', 'clusterrolebinding', 'looks-as-admin', '--clusterrole=cluster-admin'],
      '--serviceaccount=kube-system:auditor',
    ]),
    must(['create', 'clusterrolebinding', 'generous', '--clusterrole=generous', '--group=ai-agents']),
    must(['patch', 'accesspolicy', 'coding-agents', '--type=merge', '-p', JSON.stringify(impatient)]),
    must(['create', 'namespace', 'accounts']),
  ]);
  const [adminToken, agent, alice, bob, carol] = await Promise.all([
    must(['create', 'token', 'auditor', '-n', 'kube-system']),
    stack.token('agent', { sid: stack.sessionOf('agent') }),
    ...(['approver', 'second-approver', 'person'] as const).map((user) => stack.token(user)),
  ]);
  const callers = {
    direct: at(urls.apiServer, agent ?? ''),
    proxied: at(stack.service('proxy').url, agent ?? ''),
    admin: at(urls.apiServer, adminToken ?? ''),
    alice: at(urls.apiServer, alice ?? ''),
    bob: at(urls.apiServer, bob ?? ''),
    carol: at(urls.apiServer, carol ?? ''),
  };
  const { admin } = callers;
  const see: World['see'] = async (path) => {
    const answer = await admin({ method: 'GET', path });
    if (answer.code === 404) return undefined;
    if (answer.code !== 200) throw new Error(`GET ${path}: ${String(answer.code)} ${answer.text}`);
    return JSON.parse(answer.text) as KubeObject;
  };
  const ask: World['ask'] = async (as, sent) => {
    const answer = await as(sent);
    const hold = holdOf(answer);
    if (hold === undefined) throw new Error(`not held: ${String(answer.code)} ${answer.text}`);
    return hold;
  };
  const decide: World['decide'] = (as, hold, verdict = 'approve') =>
    as({
      method: 'PATCH',
      path: holds(hold),
      body: { metadata: { annotations: { [decisionAnnotation]: verdict, [reasonAnnotation]: 'looked at' } } },
    });
  const world: World = {
    stack,
    ...callers,
    kubectl,
    async account(name, rules, more = {}) {
      await must(['create', 'serviceaccount', name, '-n', 'accounts']);
      await must([
        ...['create', 'clusterrolebinding', `generous-${name}`, '--clusterrole=generous'],
        `--serviceaccount=accounts:${name}`,
      ]);
      const as = at(urls.apiServer, await must(['create', 'token', name, '-n', 'accounts']));
      if (rules !== undefined) {
        await must(['apply', '-f', '-'], policy(name, rules, more));
        await must(['wait', '--for=condition=Enforced', `accesspolicy/${name}`, '--timeout=30s']);
        await untilGoverned(as);
      }
      return as;
    },
    put: async (object) => void (await must(['apply', '--server-side', '--force-conflicts', '-f', '-'], object)),
    see,
    exists: async (path) => (await see(path)) !== undefined,
    ask,
    decide,
    async askAndApprove(as, sent) {
      const hold = await ask(as, sent);
      expect(await decide(callers.alice, hold)).toMatchObject({ code: 200 });
      return hold;
    },
    async phaseOf(hold) {
      const seen = (await see(holds(hold))) as unknown as Hold | undefined;
      return seen?.status?.phase;
    },
  };
  await untilGoverned(callers.direct);
  return world;
}

/** A policy of its own for the service account `name`, whose holds alice and bob decide. */
export function policy(name: string, rules: readonly WriteRule[], more: object = {}): KubeObject {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: {
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'accounts' }],
      defaultAction: 'Hold',
      hold: { approvers: [{ kind: 'Group', name: 'sre' }], pauseFor: '1s' },
      rules,
      ...more,
    },
  };
}

/** The API server hears of a registration a moment after it is written. No governed subject may write policies. */
async function untilGoverned(as: Caller): Promise<void> {
  const probe = policy('never', []);
  await eventually('the policy is in force', async () => {
    const answer = await as({ method: 'POST', path: `${accessPolicies()}?dryRun=All`, body: probe });
    return answer.text.includes('never by a governed subject') ? true : undefined;
  });
}

/** The hold that an answer of ours names. */
export function holdOf(answer: Answer): string | undefined {
  try {
    const { details } = JSON.parse(answer.text) as { details?: { causes?: { reason?: string; message?: string }[] } };
    return details?.causes?.find(({ reason }) => reason === holdCauseReason)?.message;
  } catch {
    return undefined;
  }
}

export const accessPolicies = (name?: string): string => ours('accesspolicies', name);
export const holds = (name?: string): string => ours('holds', name);
export const grants = (name?: string): string => ours('grants', name);
function ours(resource: string, name?: string): string {
  return `/apis/holdpoint.dev/v1alpha1/${resource}${name === undefined ? '' : `/${name}`}`;
}
/** Paths of what is written to most. */
export const configMaps = (namespace: string, name?: string): string => core(namespace, 'configmaps', name);
export const core = (namespace: string, resource: string, name?: string): string =>
  `/api/v1/namespaces/${namespace}/${resource}${name === undefined ? '' : `/${name}`}`;
export const group = (prefix: string, namespace: string, resource: string, name?: string): string =>
  `/apis/${prefix}/namespaces/${namespace}/${resource}${name === undefined ? '' : `/${name}`}`;
export const deployments = (namespace: string, name?: string): string =>
  group('apps/v1', namespace, 'deployments', name);

export function configMap(namespace: string, name: string, data: Record<string, string> = {}, more: object = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...more }, data } satisfies KubeObject;
}

const container = { name: 'c', image: 'registry.example/shop/c:1', command: ['sleep', '1'] };
export function pod(namespace: string, name: string, spec: object = {}, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...metadata },
    spec: { nodeName: 'node-1', containers: [container], ...spec },
  };
}
