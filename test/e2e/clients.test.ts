import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findPython, inRepository, resolvePythonPackages, startScenario, type Stack } from '@holdpoint/local';
import {
  createByClientNode,
  createByHelm,
  createByKubectl,
  createByPython,
  requirements,
  secondPolicy,
  type ClientName,
  type Create,
} from './clients/client.ts';
import { asInTable, decidePending, decideWhile, holdsAbout, type VerdictOf } from './clients/run-and-decide.ts';
import { reason, rows, type Row } from './clients/shown.ts';

const python = findPython();
const missing: Partial<Record<ClientName, string>> = 'missing' in python ? { 'Python client': python.missing } : {};
const ways = { 'agent-direct': 'straight at the API server', agent: 'through the proxy' };
const clientNames: ClientName[] = ['kubectl', 'helm', 'Python client', 'client-node'];

/** Unmodified clients, held, denied, refused and allowed: what their user sees, and what came of it in the cluster. */
describe('clients', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
    expect(await stack.kubectl('admin', ['apply', '-f', secondPolicy])).toMatchObject({ code: 0 });
    const enforced = ['wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=30s'];
    expect(await stack.kubectl('admin', enforced)).toMatchObject({ code: 0 });
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const creators: Partial<Record<ClientName, Create>> = {
    kubectl: createByKubectl,
    helm: createByHelm,
    'client-node': createByClientNode,
  };
  const exists = async (namespace: string, name: string): Promise<boolean> => {
    const args = ['get', 'configmap', name, '-n', namespace, '--ignore-not-found', '-o', 'name'];
    return (await stack.kubectl('admin', args)).stdout !== '';
  };

  /** One row: the client runs, an approver decides, and everything that may be told of it is. */
  const play = async (row: Row) => {
    const create = creators[row.client];
    if (create === undefined) throw new Error(`${row.client} is not set up`);
    const namespace = row.situation === 'approved' || row.situation === 'denied' ? 'prod' : 'dev';
    const suffix = `${row.client.toLowerCase().replace(' ', '-')}-${row.way}-${row.situation}`;
    const [name, nameInTable] =
      row.situation === 'refused' ? [`people-${suffix}`, 'people-settings'] : [suffix, 'settings'];
    const verdictOf: VerdictOf = ({ spec }) =>
      row.situation === 'denied' && spec.request.kind === 'ConfigMap'
        ? { verdict: 'deny', reason }
        : { verdict: 'approve' };

    const holds: string[] = [];
    let running = create(stack, row.way, namespace, name);
    let firstShown;
    if (row.firstShown !== undefined) {
      firstShown = await running.finished;
      expect(await exists(namespace, name)).toBe(false);
      holds.push(...(await decidePending(stack, name, verdictOf)));
      running = create(stack, row.way, namespace, name);
    }
    holds.push(...(await decideWhile(running, stack, name, verdictOf)));
    const shown = await running.finished;

    const all = await holdsAbout(stack, name);
    const inOrder = all.sort((a, b) => holds.indexOf(a.metadata.name ?? '') - holds.indexOf(b.metadata.name ?? ''));
    const status = ['status', name, '-n', namespace, '-o', 'json'];
    const release = row.release === undefined ? undefined : await stack.start('helm', 'admin', status).finished;
    return {
      ...(firstShown === undefined ? {} : { firstShown: asInTable(firstShown, name, nameInTable, holds) }),
      shown: asInTable(shown, name, nameInTable, holds),
      holds: inOrder.map(
        ({ spec, status: { phase } = {} }) => `${spec.request.operation} ${spec.request.kind}: ${String(phase)}`,
      ),
      exists: await exists(namespace, name),
      ...(release === undefined
        ? {}
        : { release: (JSON.parse(release.stdout) as { info: { status: string } }).info.status }),
    };
  };

  describe.each(clientNames)('%s', (client) => {
    if (client === 'Python client' && !('missing' in python)) {
      beforeAll(async () => {
        const signal = new AbortController().signal;
        const packages = await resolvePythonPackages(python, requirements, (text) => console.log(text), signal);
        creators[client] = createByPython({ executable: python.executable, packages });
      }, 900_000);
    }
    const lacking = missing[client];
    const suffix = lacking === undefined ? '' : ` (skipped: this machine lacks ${lacking})`;
    const run = lacking === undefined ? test : test.skip;

    for (const row of rows.filter((each) => each.client === client)) {
      run(
        `${ways[row.way]}: ${row.situation}${suffix}`,
        async () => {
          const { client: _client, way: _way, situation, ...want } = row;
          const wantExists = situation === 'approved' || situation === 'allowed';
          expect(await play(row)).toEqual({ ...want, exists: wantExists });
        },
        300_000,
      );
    }
  });

  test('docs/howto/clients.md shows these very texts', () => {
    const text = readFileSync(inRepository('docs', 'howto', 'clients.md'), 'utf8');
    const lines = rows.flatMap(({ firstShown, shown }) => [firstShown?.stderr ?? '', shown.stderr]);
    const wanted = [...new Set(lines.flatMap((each) => each.split('\n')).filter((line) => line !== ''))];
    expect(wanted.filter((line) => !text.includes(line))).toEqual([]);
  });
});
