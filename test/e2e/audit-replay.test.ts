import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pendingHold, startScenario, type CommandResult, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

const manifests = `
apiVersion: v1
kind: ConfigMap
metadata: { name: colours, namespace: dev }
data: { wall: red }
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: dev }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: dev }
stringData: { value: a-very-secret-value }
`;

interface ReplayDocument {
  groups: {
    command: string;
    steps: {
      verb: string;
      resource: string;
      name: string;
      code: number;
      decision: string;
      tries: number;
      waitedMs?: number;
      decisions: { by: string; verdict: string; reason: string }[];
      change?: { type: string };
      terminals: string[];
    }[];
  }[];
  terminals: { id: string; text: { lines: string[] } }[];
}

/** A session of an agent's real kubectl, through the proxy; then, what an auditor who was not there can say of it. */
describe('a session, reconstructed', () => {
  let stack: Stack;
  let folder: string;
  let session: string;
  let text: string;
  const cli = (...args: string[]): Promise<CommandResult> => stack.approvals('approver', args);
  beforeAll(async () => {
    stack = await startScenario();
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-session-'));
    session = stack.sessionOf('agent');
    const file = join(folder, 'shop.yaml');
    writeFileSync(file, manifests);
    expect(await stack.kubectl('agent', ['apply', '-f', file])).toMatchObject({ code: 0 });
    writeFileSync(file, manifests.replace('wall: red', 'wall: blue'));
    expect(await stack.kubectl('agent', ['apply', '-f', file])).toMatchObject({ code: 0 });

    const image =
      '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example/shop/web:2.0"}]}}}}';
    const patching = stack.kubectlStart('agent', ['patch', 'deployment', 'web', '-n', 'prod', '-p', image]);
    const hold = await eventually('a hold', () => pendingHold(stack, 'web'));
    expect(await cli('approve', hold, '--reason', 'release 2.0, CHG-17')).toMatchObject({ code: 0 });
    expect(await patching.finished).toMatchObject({ code: 0 });

    expect((await stack.kubectl('agent', ['delete', 'namespace', 'prod'])).code).not.toBe(0);
    const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
    const pod = pods.stdout.split('\n')[0] ?? '';
    const exec = ['exec', '-n', 'prod', pod, '--', 'sh', '-c', 'echo hello from $((40 + 2))'];
    expect(await stack.kubectl('agent', exec)).toMatchObject({ code: 0, stdout: 'hello from 42\n' });
    text = await eventually(
      'all of it is on record',
      async () => {
        const { stdout } = await cli('replay', session);
        // The proxy tells of each at once, the API server a moment later: what is waited for, it alone knows.
        // What a terminal showed is on record before anybody has told of the request that opened it.
        const terminal = ['hello from 42', '$ kubectl exec'];
        const told = [...terminal, 'CHG-17', 'never-delete-namespaces', '/shop/web:2.0', 'wall: blue'];
        return told.every((part) => stdout.includes(part)) ? stdout : undefined;
      },
      60_000,
    );
  }, 240_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await stack?.close();
  }, 60_000);

  test('the apply: each object, what it was made of, and what the second changed', () => {
    expect(text).toMatch(/\$ kubectl apply[^]*create configmaps\/colours -n dev {2}→ 201[^]*\+ +wall: red/);
    expect(text).toMatch(/create services\/shop -n dev {2}→ 201/);
    expect(text).toMatch(/create secrets\/key -n dev {2}→ 201/);
    expect(text).toMatch(/patch configmaps\/colours -n dev {2}→ 200[^]*-.*wall: red\n.*\+.*wall: blue/);
    expect(text).toMatch(/and \d+ reads?, \d+ discovery calls?|and \d+ discovery calls?/);
    expect(text).not.toContain('a-very-secret-value');
    expect(text).not.toContain(Buffer.from('a-very-secret-value').toString('base64'));
  });

  test('the held patch: the rule, who approved it, after how long, why, and what it changed', () => {
    const told = text.slice(text.indexOf('$ kubectl patch'), text.indexOf('$ kubectl delete'));
    expect(told).toMatch(/patch deployments\.apps\/web -n prod {2}→ 200 at try 2/);
    expect(told).toMatch(/held by \S*\/production-writes as h-\S+, approved/);
    expect(told).toMatch(/alice approved it after \d+s: release 2\.0, CHG-17/);
    expect(told).toMatch(/-.*image: registry\.example\/shop\/web:1\.0\n.*\+.*image: registry\.example\/shop\/web:2\.0/);
  });

  test('the refused delete: the rule, and its words', () => {
    const told = text.slice(text.indexOf('$ kubectl delete'));
    expect(told).toMatch(/delete namespaces\/prod.* → 403/);
    expect(told).toMatch(/refused by \S*\/never-delete-namespaces/);
  });

  test('the terminal: its command line, what it showed, and how to play it', async () => {
    const told = text.slice(text.indexOf('$ kubectl exec'));
    expect(told).toMatch(/\$ sh -c 'echo hello from \$\(\(40 \+ 2\)\)'/);
    expect(told).toContain('│ hello from 42');
    const [, id = ''] = /approvals replay \S+ --recording (\S+)/.exec(told) ?? [];
    const played = await cli('replay', session, '--recording', id, '--speed', '10');
    expect(played.stdout).toContain('hello from 42');
    const cast = await cli('replay', session, '--recording', id, '-o', 'asciicast');
    expect(cast.stdout.split('\n')[0]).toContain('"version":2');
    expect(cast.stdout).toContain('hello from 42');
  }, 60_000);

  test('for programs, as a page, and as one cast: the same', async () => {
    const document = JSON.parse((await cli('replay', session, '-o', 'json')).stdout) as ReplayDocument;
    const steps = document.groups.flatMap((group) => group.steps);
    expect(steps.find(({ resource, verb }) => resource === 'deployments' && verb === 'patch')).toMatchObject({
      code: 200,
      decision: 'approved',
      tries: 2,
      decisions: [{ by: 'alice', verdict: 'approve', reason: 'release 2.0, CHG-17' }],
      change: { type: 'Held' },
    });
    const [terminal] = document.terminals;
    expect(terminal?.text.lines).toContain('hello from 42');
    expect(steps.flatMap(({ terminals }) => terminals)).toEqual([terminal?.id]);
    const page = join(folder, 'session.html');
    expect(await cli('replay', session, '-o', 'html', '--file', page)).toMatchObject({ code: 0 });
    for (const part of ['CHG-17', 'never-delete-namespaces', 'hello from 42', 'wall: blue']) {
      expect(readFileSync(page, 'utf8')).toContain(part);
    }
    expect((await cli('replay', session, '-o', 'asciicast')).stdout).toContain('CHG-17');
  }, 60_000);

  test('the sessions: who, and how much of what', async () => {
    const found = JSON.parse((await cli('sessions', '--decision', 'approved', '-o', 'json')).stdout) as object[];
    expect(found).toMatchObject([
      { session, username: 'coding-agent', held: 1, approved: 1, refused: 1, terminals: 1 },
    ]);
    const other = await cli('sessions', '--namespace', 'kube-system', '-o', 'json');
    expect(JSON.parse(other.stdout)).toEqual([]);
  }, 60_000);
});
