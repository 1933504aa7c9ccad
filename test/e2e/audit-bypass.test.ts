import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, startScenario, type Stack, type User } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createCaller, type Answer } from '../src/matrix/caller.ts';

interface Marked {
  username: string;
  governed: boolean;
  bypass: string;
  decision: string;
  code: number;
}

const registration = ['validatingwebhookconfiguration', 'holdpoint.dev'];
const account = 'system:serviceaccount:dev:default';

/** Who may speak as a service account, and one that may write. Neither is the agent's by deploy/rbac/agent.yaml. */
const impersonation = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'speaks-as-accounts' },
    rules: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'speaks-as-accounts' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'speaks-as-accounts' },
    subjects: ['ai-agents', 'developers'].map((name) => ({
      kind: 'Group',
      name,
      apiGroup: 'rbac.authorization.k8s.io',
    })),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'account-edits', namespace: 'dev' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'dev' }],
  },
];

describe('what went past us is on record as such', () => {
  let stack: Stack;
  const must = async (user: User, args: readonly string[], input?: string): Promise<void> => {
    const result = await stack.kubectl(user, args, input === undefined ? {} : { input });
    expect({ args, code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
  };
  const create = (user: User, name: string, ...more: string[]): Promise<void> =>
    must(user, ['create', 'configmap', name, '-n', 'dev', ...more]);
  /** The agent, past the proxy. */
  const directly = async (method: string, path: string, body?: object): Promise<Answer> => {
    const caller = createCaller(stack.urls.apiServer, stack.caFile, { token: await stack.token('agent') });
    try {
      return await caller.send(method, path, body);
    } finally {
      caller.close();
    }
  };
  const rowsOf = async <Row>(statement: string): Promise<Row[]> => {
    const { stdout } = await stack.approvals('approver', ['sql', statement, '--format', 'JSONEachRow']);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Row);
  };
  /** How the create, or another write, of that name is marked. */
  const marksOf = (name: string, verb = 'create'): Promise<Marked> =>
    eventually(`the ${verb} of ${name} is stored`, async () => {
      const [row] = await rowsOf<Marked>(
        `SELECT username, governed, bypass, decision, code FROM audit_events
         WHERE resource = 'configmaps' AND verb = '${verb}' AND name = '${name}' AND stage = 'ResponseComplete' AND source = 'apiserver'`,
      );
      return row;
    });

  beforeAll(async () => {
    stack = await startScenario({ auditsinkFlags: ['--expect-proxy'] });
    await must('admin', ['apply', '-f', '-'], impersonation.map((each) => JSON.stringify(each)).join('\n---\n'));
  }, 240_000);
  afterAll(async () => {
    await stack?.close();
  }, 120_000);

  test.each<{ situation: string; user: User; name: string; flags?: string[]; want: Partial<Marked> }>([
    {
      situation: 'the agent through the proxy',
      user: 'agent',
      name: 'through-the-proxy',
      want: { username: 'coding-agent', governed: true, bypass: '', decision: 'allow' },
    },
    {
      situation: 'the agent past the proxy, judged all the same',
      user: 'agent-direct',
      name: 'past-the-proxy',
      want: { username: 'coding-agent', governed: true, bypass: 'not-through-proxy', decision: 'allow' },
    },
    {
      situation: 'a dry run of the agent past the proxy',
      user: 'agent-direct',
      name: 'dry-run',
      flags: ['--dry-run=server'],
      want: { username: 'coding-agent', governed: true, bypass: '' },
    },
    {
      situation: 'a person',
      user: 'person',
      name: 'by-a-person',
      want: { username: 'carol', governed: false, bypass: '', decision: '' },
    },
    {
      situation: 'the agent as a service account that nobody governs',
      user: 'agent-direct',
      name: 'as-an-account',
      flags: [`--as=${account}`],
      want: { username: account, governed: false, bypass: 'as-another-user', decision: '' },
    },
    {
      situation: 'a person as that service account',
      user: 'person',
      name: 'person-as-an-account',
      flags: [`--as=${account}`],
      want: { username: account, governed: false, bypass: '' },
    },
  ])('$situation', async ({ user, name, flags = [], want }) => {
    await create(user, name, ...flags);
    expect(await marksOf(name)).toMatchObject({ code: 201, ...want });
  });

  test.each<{ situation: string; path: string; body?: object; isGone: boolean; want: string }>([
    {
      situation: 'a delete whose URL says dry run, and whose options do not: it is done, and marked',
      path: 'dry-in-the-url?dryRun=All',
      body: { kind: 'DeleteOptions', apiVersion: 'v1' },
      isGone: true,
      want: 'not-through-proxy',
    },
    {
      situation: 'one whose options say dry run',
      path: 'dry-in-the-options',
      body: { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] },
      isGone: false,
      want: '',
    },
    { situation: 'one whose URL says so, without options', path: 'dry-at-all?dryRun=All', isGone: false, want: '' },
  ])('$situation', async ({ path, body, isGone, want }) => {
    const name = path.split('?')[0] ?? '';
    await create('admin', name);
    expect(await directly('DELETE', `/api/v1/namespaces/dev/configmaps/${path}`, body)).toMatchObject({ code: 200 });
    const { code } = await stack.kubectl('admin', ['get', 'configmap', name, '-n', 'dev']);
    expect(code !== 0).toBe(isGone);
    expect(await marksOf(name, 'delete')).toMatchObject({ username: 'coding-agent', governed: true, bypass: want });
  });

  test('a collection that is empty is no write; one with something in it is', async () => {
    await create('admin', 'in-a-collection');
    await must('admin', ['label', 'configmap', 'in-a-collection', '-n', 'dev', 'kind=collected']);
    for (const label of ['nothing', 'collected']) {
      const path = `/api/v1/namespaces/dev/configmaps?labelSelector=kind%3D${label}`;
      expect(await directly('DELETE', path)).toMatchObject({ code: 200 });
    }
    const marks = await eventually('both are stored', async () => {
      const rows = await rowsOf<{ bypass: string; decision: string }>(
        `SELECT bypass, decision FROM audit_events WHERE verb = 'deletecollection' AND username = 'coding-agent' AND source = 'apiserver' ORDER BY event_time`,
      );
      return rows.length === 2 ? rows : undefined;
    });
    expect(marks).toEqual([
      { bypass: '', decision: '' },
      { bypass: 'not-through-proxy', decision: 'allow' },
    ]);
  });

  test('a terminal through the proxy, which is a read by its verb, is judged like a write', async () => {
    await must('agent', ['exec', 'deployment/web', '-n', 'prod', '--', 'true']);
    const terminals = await eventually('it is stored', async () => {
      const rows = await rowsOf<{ governed: boolean; bypass: string; decision: string }>(
        `SELECT DISTINCT governed, bypass, decision FROM audit_events
         WHERE resource = 'pods' AND subresource = 'exec' AND stage = 'ResponseComplete' AND code < 400
           AND source != 'proxy'`,
      );
      return rows.length > 0 ? rows : undefined;
    });
    expect(terminals).toEqual([{ governed: true, bypass: '', decision: 'allow' }]);
  });

  test('somebody deletes the registration while the webhook is down: what the agent writes then was judged by nobody', async () => {
    await stack.service('webhook').stop();
    await must('admin', ['delete', ...registration]);
    await create('agent', 'unjudged');
    await create('person', 'person-meanwhile');
    expect(await marksOf('unjudged')).toMatchObject({ governed: true, bypass: 'no-decision', decision: '' });
    expect(await marksOf('person-meanwhile')).toMatchObject({ governed: false, bypass: '' });

    await stack.service('webhook').start();
    await must('admin', ['wait', '--for=create', registration.join('/'), '--timeout=30s']);
    await create('agent', 'judged-again');
    expect(await marksOf('judged-again')).toMatchObject({ governed: true, bypass: '', decision: 'allow' });
  }, 120_000);

  test('these are marked, and nothing else', async () => {
    const statement =
      "SELECT name FROM audit_events WHERE bypass != '' AND resource = 'configmaps' AND verb = 'create' ORDER BY event_time";
    const { stdout } = await stack.approvals('approver', ['sql', statement, '--format', 'TSV']);
    expect(stdout.trim().split('\n')).toEqual(['past-the-proxy', 'as-an-account', 'unjudged']);
  });

  test('a sink that may not read the policies takes every event all the same, and says so once', async () => {
    const sink = stack.service('auditsink');
    const logged = (message: string): number =>
      readFileSync(sink.logFile, 'utf8').split(`"msg":"${message}`).length - 1;
    await must('admin', ['delete', 'clusterrolebinding', 'holdpoint-auditsink']);
    const messages = ['policies readable', 'policies not readable', 'api server does not tell its counters'];
    const before = messages.map(logged);
    const since = (): number[] => messages.map((message, i) => logged(message) - (before[i] ?? 0));
    await sink.stop();
    await sink.start();
    await create('agent', 'nobody-knows');
    expect(await marksOf('nobody-knows')).toMatchObject({ governed: false, bypass: '', decision: 'allow' });
    expect(since()).toEqual([0, 1, 1]);

    await must('admin', ['apply', '-f', inRepository('deploy', 'rbac', 'auditsink.yaml')]);
    await eventually('it reads them', async () => (since()[0] === 1 ? true : undefined));
    await create('agent', 'known-again');
    expect(await marksOf('known-again')).toMatchObject({ governed: true, bypass: '' });
  }, 120_000);
});
