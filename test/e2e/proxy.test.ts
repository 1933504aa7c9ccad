import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { requestJson } from '../src/request-json.ts';

const password = 'correct-horse-battery-staple';
const secretValues = [password, Buffer.from(password).toString('base64')];

/** What an agent's kubectl sees through the proxy: everything works as always, and no secret value comes along. */
describe('the proxy, with unmodified kubectl', () => {
  let stack: Stack;
  let pod: string;
  beforeAll(async () => {
    stack = await startScenario();
    const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
    pod = pods.stdout.split('\n')[0] ?? '';
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  test.each([
    { situation: 'yaml', args: ['get', 'secret', 'db-credentials', '-o', 'yaml'] },
    { situation: 'json', args: ['get', 'secret', 'db-credentials', '-o', 'json'] },
    { situation: 'jsonpath', args: ['get', 'secret', 'db-credentials', '-o', 'jsonpath={.data}'] },
    { situation: 'go-template', args: ['get', 'secret', 'db-credentials', '-o', 'go-template={{.data.password}}'] },
    { situation: 'a table', args: ['get', 'secrets', '-o', 'wide'] },
    { situation: 'a list of all namespaces', args: ['get', 'secrets', '-A', '-o', 'yaml'] },
    { situation: 'describe', args: ['describe', 'secret', 'db-credentials'] },
    { situation: 'the raw path', args: ['get', '--raw', '/api/v1/namespaces/prod/secrets/db-credentials'] },
    { situation: 'the raw path, percent-encoded', args: ['get', '--raw', '/api/v1/namespaces/prod/%73ecrets'] },
    {
      situation: 'the legacy watch path',
      args: ['get', '--raw', '/api/v1/watch/namespaces/prod/secrets?timeoutSeconds=1'],
    },
    { situation: 'all output of -v=9', args: ['get', 'secret', 'db-credentials', '-o', 'yaml', '-v=9'] },
  ])('Secrets as $situation carry no value', async ({ args }) => {
    const answer = await stack.kubectl('agent', ['-n', 'prod', ...args]);
    const text = answer.stdout + answer.stderr;
    expect(text).toContain(args.includes('-o') && args.at(-1)?.includes('{') === true ? '' : 'db-credentials');
    for (const value of secretValues) expect(text).not.toContain(value);
  });

  test('a watch of Secrets streams changes as they happen, masked', async () => {
    const watching = stack.kubectlStart('agent', ['get', 'secrets', '-n', 'prod', '-w', '-o', 'json']);
    await eventually('the first object', async () => (watching.stdout().includes('db-credentials') ? true : undefined));
    const value = 'a-very-new-secret-value';
    const create = ['create', 'secret', 'generic', 'fresh', '-n', 'prod', `--from-literal=token=${value}`];
    expect(await stack.kubectl('admin', create)).toMatchObject({ code: 0 });
    await eventually('the new object', async () => (watching.stdout().includes('"fresh"') ? true : undefined));
    watching.kill();
    await watching.finished;
    for (const each of [...secretValues, value, Buffer.from(value).toString('base64')]) {
      expect(watching.stdout()).not.toContain(each);
    }
  });

  test('a mask written elsewhere is refused, and the real value stands; a write without it is only held', async () => {
    const masked = await stack.kubectl('agent', ['get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'json']);
    const moved = JSON.parse(masked.stdout) as { data: Record<string, string> };
    moved.data['username'] = moved.data['password'] ?? '';
    const written = await stack.kubectl('agent', ['replace', '-f', '-'], { input: JSON.stringify(moved) });
    expect(written.code).not.toBe(0);
    expect(written.stderr).toContain('masked value');
    const real = await stack.kubectl('admin', [
      'get',
      'secret',
      'db-credentials',
      '-n',
      'prod',
      '-o',
      'jsonpath={.data.password}',
    ]);
    expect(real.stdout).toBe(secretValues[1]);

    const label = ['label', 'secret', 'db-credentials', '-n', 'prod', 'seen=yes'];
    const labelling = stack.kubectlStart('agent', label);
    const hold = await eventually('a hold', () => pendingHold(stack, 'db-credentials'));
    await stack.approvals('approver', ['approve', hold]);
    expect(await labelling.finished).toMatchObject({ code: 0 });
    const still = ['get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'jsonpath={.data.password}'];
    expect((await stack.kubectl('admin', still)).stdout).toBe(secretValues[1]);
  }, 60_000);

  test('logs come through', async () => {
    const logs = await stack.kubectl('agent', ['logs', '-n', 'prod', pod]);
    expect(logs).toMatchObject({ code: 0, stdout: 'shop is starting\nshop listens on :8080\n' });
  });

  test('a watch shows a change while it is open', async () => {
    const watching = stack.kubectlStart('agent', ['get', 'configmaps', '-n', 'dev', '-w', '-o', 'name']);
    await eventually('the watch is open', async () => (watching.stdout().includes('kube-root-ca') ? true : undefined));
    await stack.kubectl('admin', ['create', 'configmap', 'seen-live', '-n', 'dev']);
    await eventually('the change', async () => (watching.stdout().includes('configmap/seen-live') ? true : undefined));
    watching.kill();
    await watching.finished;
  });

  test('exec carries both directions, byte for byte', async () => {
    // Two lines and no more: the kubelet's stand-in does not pass on the end of standard input.
    const input = 'first line\nsecond line\n';
    const answer = await stack.kubectl('agent', ['exec', '-i', '-n', 'prod', pod, '--', 'head', '-n', '2'], { input });
    expect(answer).toMatchObject({ code: 0, stdout: input });
  }, 30_000);

  test.each(['exec', 'attach'])('%s straight at the API server, where nobody records it, is refused', async (verb) => {
    const args = verb === 'exec' ? ['exec', '-n', 'prod', pod, '--', 'echo', 'unseen'] : ['attach', '-n', 'prod', pod];
    const answer = await stack.kubectl('agent-direct', args);
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain('past the proxy nobody records');
    expect(answer.stdout).not.toContain('unseen');
  });

  test('without the recorder there is no terminal, and with it again there is', async () => {
    await stack.service('auditsink').stop();
    const refused = await stack.kubectl('agent', ['exec', '-n', 'prod', pod, '--', 'echo', 'unseen']);
    await stack.service('auditsink').start();
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).not.toContain('unseen');
    const again = await stack.kubectl('agent', ['exec', '-n', 'prod', pod, '--', 'echo', 'seen']);
    expect(again).toMatchObject({ code: 0, stdout: 'seen\n' });
  }, 120_000);

  test.each([
    { situation: 'impersonating a person', args: ['get', 'pods', '-n', 'prod', '--as', 'carol'] },
    { situation: 'a tunnel through a node', args: ['get', '--raw', '/api/v1/nodes/node-1/proxy/metrics'] },
  ])('$situation is refused', async ({ args }) => {
    const answer = await stack.kubectl('agent', args);
    expect(answer.code).not.toBe(0);
    for (const value of secretValues) expect(answer.stdout + answer.stderr).not.toContain(value);
  });

  test('a write to an API that another server answers for is refused, since no webhook would see it; other writes pass', async () => {
    const apiService = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.aggregated.example' },
      spec: {
        group: 'aggregated.example',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'none', namespace: 'dev' },
      },
    };
    const input = JSON.stringify(apiService);
    expect(await stack.kubectl('admin', ['create', '-f', '-'], { input })).toMatchObject({ code: 0 });
    const headers = {
      authorization: `Bearer ${await stack.token('agent')}`,
      'content-type': 'application/json',
    };
    const create = (path: string, body: object) =>
      requestJson(stack.service('proxy').url, {
        method: 'POST',
        path,
        headers,
        caFile: stack.caFile,
        body: JSON.stringify(body),
      });
    const widget = { apiVersion: 'aggregated.example/v1', kind: 'Widget', metadata: { name: 'w' } };
    await eventually('the write is refused', async () => {
      const answer = await create('/apis/aggregated.example/v1/namespaces/dev/widgets', widget);
      return answer.code === 403 ? true : undefined;
    });
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'harmless' } };
    expect(await create('/api/v1/namespaces/dev/configmaps', configMap)).toMatchObject({ code: 201 });
    await stack.kubectl('admin', ['delete', 'apiservice', 'v1.aggregated.example']);
  }, 60_000);

  test.each([
    { situation: 'a double slash', path: '/api/v1//namespaces/prod/secrets/db-credentials' },
    { situation: 'a dot segment', path: '/api/v1/namespaces/dev/../prod/secrets/db-credentials' },
    { situation: 'an encoded slash', path: '/api/v1/namespaces%2Fprod/secrets/db-credentials' },
  ])('a path with $situation is refused as ambiguous', async ({ path }) => {
    const headers = { authorization: `Bearer ${await stack.token('agent')}` };
    const { url } = stack.service('proxy');
    const answer = await requestJson(url, { method: 'GET', path, caFile: stack.caFile, headers });
    expect(answer).toMatchObject({ code: 400, body: { kind: 'Status', reason: 'BadRequest' } });
  });
});
