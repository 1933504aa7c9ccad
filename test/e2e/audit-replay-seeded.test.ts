import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, inRepository, startCommand, type CommandResult, type RunOptions } from '@holdpoint/local';
import { createAuditSink, type AuditSink } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';
import { recordingBatches, sessionEvents, type SeededCall } from '../src/session-events.ts';

const main = inRepository('approvals-cli', 'src', 'main.ts');
const apply = { command: 'kubectl apply', invocation: 'i-apply' };
const settings = { resource: 'configmaps', namespace: 'prod', name: 'settings' };
const web = { resource: 'deployments', apiGroup: 'apps', namespace: 'prod', name: 'web' };
const configMap = (value: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'prod', resourceVersion: value, managedFields: [{ manager: 'kubectl' }] },
  data: { colour: value },
});
const judged = (decision: string, more: object = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ decision, policy: 'agents', rule: 'production-writes', ...more }).map(([key, text]) => [
      `judge.holdpoint.dev/${key}`,
      String(text),
    ]),
  );
const decided = (decision: string, reason: string): Record<string, string> => ({
  'decide.holdpoint.dev/decision': decision,
  'decide.holdpoint.dev/reason': reason,
});
const configMaps = '/api/v1/namespaces/prod/configmaps';
const exec = '/api/v1/namespaces/prod/pods/web-0/exec?command=sh&command=-c&command=env%20%7C%20sort&container=web';

/** A session as a kubectl makes it: an apply of two objects, one held; a refused delete; a terminal. */
const calls: SeededCall[] = [
  { id: 'd-1', at: 0, verb: 'get', uri: '/api?timeout=32s', ...apply },
  { id: 'd-2', at: 0.1, verb: 'get', uri: '/openapi/v3?timeout=32s', ...apply },
  {
    id: 'g-1',
    at: 0.2,
    verb: 'get',
    uri: `${configMaps}/settings`,
    ref: settings,
    response: configMap('red'),
    ...apply,
  },
  {
    ...{ id: 'p-1', at: 0.3, verb: 'patch', uri: `${configMaps}/settings?fieldManager=kubectl`, ref: settings },
    ...{ code: 429, status: { message: 'held as h-1' }, request: { data: { colour: 'blue' } } },
    ...{ annotations: judged('hold', { hold: 'h-1' }), requestId: 'q-1', ...apply },
  },
  {
    ...{ id: 'p-2', at: 42.3, verb: 'patch', uri: `${configMaps}/settings?fieldManager=kubectl`, ref: settings },
    ...{ request: { data: { colour: 'blue' } }, response: configMap('blue') },
    ...{ annotations: judged('approved', { hold: 'h-1' }), requestId: 'q-1', ...apply },
  },
  {
    ...{ id: 'c-1', at: 43, verb: 'create', uri: configMaps, ref: { ...settings, name: 'fresh' }, code: 201 },
    ...{ request: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'fresh' }, data: { a: '1' } } },
    ...{ annotations: judged('allow', { rule: 'small' }), ...apply },
  },
  {
    ...{ id: 'x-1', at: 50, verb: 'delete', uri: '/apis/apps/v1/namespaces/prod/deployments/web', ref: web, code: 403 },
    ...{ status: { reason: 'Forbidden', message: 'Deployments are deleted by people.' } },
    ...{ annotations: judged('deny', { rule: 'no-deletes' }), command: 'kubectl delete', invocation: 'i-delete' },
  },
  {
    ...{ id: 'e-1', at: 60, verb: 'get', uri: exec, code: 101, command: 'kubectl exec', invocation: 'i-exec' },
    ref: { resource: 'pods', subresource: 'exec', namespace: 'prod', name: 'web-0' },
  },
  {
    ...{ id: 'h-c', at: 0.3, verb: 'create', uri: '/apis/holdpoint.dev/v1alpha1/holds', code: 201, by: 'webhook' },
    ref: { apiGroup: 'holdpoint.dev', resource: 'holds', name: 'h-1' },
    response: {
      kind: 'Hold',
      spec: {
        change: {
          type: 'Update',
          patch: [{ op: 'replace', path: '/data/colour', oldValue: 'red', value: 'blue' }],
        },
        before: { kind: 'ConfigMap', data: { colour: 'red', shape: 'round' } },
      },
    },
  },
  {
    ...{ id: 'h-d', at: 42, verb: 'patch', uri: '/apis/holdpoint.dev/v1alpha1/holds/h-1', by: 'alice' },
    ref: { apiGroup: 'holdpoint.dev', resource: 'holds', name: 'h-1' },
    annotations: decided('approve', 'release 1.4'),
  },
];
const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>\u001b]0;t\u0007\u2028' OR '1'='1\\`;

/** The auditor's commands, against the real sink and its real store, on a session whose every event is known. */
describe('approvals sessions, replay and sql', () => {
  let sink: AuditSink;
  let folder: string;
  const cli = (args: readonly string[], options: RunOptions = {}): Promise<CommandResult> =>
    startCommand(process.execPath, [main, ...args], { ...options, env: { ...sink.auditorEnv, ...options.env } })
      .finished;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-replay-'));
    sink = await createAuditSink();
    await sink.start();
    expect((await sink.post('/audit', sessionEvents(calls))).code).toBe(200);
    const odd: SeededCall = {
      ...{
        id: 'o-1',
        at: 90,
        verb: 'create',
        uri: configMaps,
        session: hostile,
        command: `=cmd|' /C calc'!A0 ${hostile}`,
      },
      ...{ ref: { ...settings, name: hostile }, request: { kind: 'ConfigMap', data: { [hostile]: hostile } } },
      annotations: judged('deny', { rule: hostile }),
    };
    expect((await sink.post('/audit', sessionEvents([odd]))).code).toBe(200);
    const terminal = { id: 'r-1', auditId: 'e-1', at: 60, command: ['sh', '-c', 'env | sort'] };
    const frames: [number, string, string][] = [
      [0.1, 'o', 'HOME=/root\r\n'],
      [0.2, 'o', '\u001b[31mPATH\u001b[0m=/bin\u001b]52;c;eA==\u0007\r\n'],
      [0.3, 'i', 'typed'],
    ];
    expect((await sink.post('/recordings', recordingBatches({ ...terminal, frames }))).code).toBe(200);
    await eventually('all is stored', async () =>
      (await sink.sql('SELECT (SELECT count() FROM audit_events), (SELECT count() FROM recordings)')) ===
      `${String(calls.length + 1)}\t3`
        ? true
        : undefined,
    );
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await sink?.close();
  });

  test('replay: commands, the changes as they were signed, who approved after how long and why, the terminal', async () => {
    const { stdout, stderr, code } = await cli(['replay', 's-1']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toBe(`Session s-1

── 2026-05-04 (UTC) ──

as coding-agent, on behalf of carol

10:00:00  $ kubectl apply
          patch configmaps/settings -n prod  → 200 at try 2
            held by agents/production-writes as h-1, approved
            alice approved it after 41s: release 1.4
            @@ -1,4 +1,4 @@
             kind: ConfigMap
             data:
            -  colour: red
            +  colour: blue
               shape: round
          create configmaps/fresh -n prod  → 201
            allowed by agents/small
            + apiVersion: v1
            + kind: ConfigMap
            + metadata:
            +   name: fresh
            + data:
            +   a: "1"
          and 1 read, 2 discovery calls

10:00:50  $ kubectl delete
          delete deployments.apps/web -n prod  → 403 Forbidden
            refused by agents/no-deletes
            Deployments are deleted by people.

10:01:00  $ kubectl exec
          get pods/web-0 exec -n prod  → 101
            $ sh -c 'env | sort' (container web)
            terminal r-1 in prod/web-0: 0.3 s, 3 frames
            │ HOME=/root
            │ PATH=/bin
            to play it: approvals replay s-1 --recording r-1

`);
  }, 30_000);

  test.each([
    { situation: 'all', args: [], want: ['s-1', hostile] },
    { situation: 'a user', args: ['--subject', 'coding-agent'], want: ['s-1', hostile] },
    { situation: 'nobody', args: ['--subject', "x' OR 1=1 --"], want: [] },
    {
      situation: 'a decision and a namespace, of one request',
      args: ['--decision', 'approved', '--namespace', 'prod'],
      want: ['s-1'],
    },
    { situation: 'a decision elsewhere', args: ['--decision', 'approved', '--namespace', 'dev'], want: [] },
    { situation: 'a resource of a group', args: ['--resource', 'deployments.apps'], want: ['s-1'] },
    { situation: 'a subresource', args: ['--resource', 'pods/exec'], want: ['s-1'] },
    { situation: 'since a time', args: ['--since', '2026-05-04T10:01:10Z'], want: [hostile] },
    { situation: 'until a time, with another offset', args: ['--until', '2026-05-04T11:30:00+01:30'], want: ['s-1'] },
    { situation: 'the last hours', args: ['--since', '2h'], want: [] },
    { situation: 'at most one', args: ['--limit', '1'], want: [hostile] },
  ])(
    'sessions: $situation',
    async ({ args, want }) => {
      const { stdout, code } = await cli(['sessions', ...args, '-o', 'json']);
      expect(code).toBe(0);
      const found = JSON.parse(stdout) as { session: string }[];
      expect(found.map(({ session }) => session).sort()).toEqual([...want].sort());
    },
    30_000,
  );

  test('sessions as JSON, as CSV that no spreadsheet runs, and as a table that nothing draws on', async () => {
    const [first] = JSON.parse((await cli(['sessions', '-o', 'json', '--resource', 'pods/exec'])).stdout) as object[];
    expect(first).toEqual({
      ...{ session: 's-1', username: 'coding-agent', on_behalf_of: 'carol', started: '2026-05-04 10:00:00.000000' },
      ...{ last_seen: '2026-05-04 10:01:00.000000', requests: 8, writes: 2, held: 1, approved: 1, refused: 1 },
      ...{ bypasses: 0, terminals: 1 },
    });
    const csv = await cli(['sessions', '-o', 'csv']);
    expect(csv.stdout.split('\r\n')[0]).toMatch(/^session,username,/);
    const table = await cli(['sessions']);
    expect(table.stdout).not.toMatch(/[^\P{Cc}\n]|\u2028/u);
    expect(table.stdout).toMatch(/^s-1 +coding-agent for carol +2026-05-04 10:00:00 .* 8 +2 +1 +1 +1 +1$/m);
  }, 30_000);

  test('a session whose every text is hostile is replayed, and none of it acts', async () => {
    for (const args of [
      ['replay', hostile],
      ['replay', hostile, '-o', 'asciicast'],
    ]) {
      const { stdout, code } = await cli(args);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u2028/u);
      expect(stdout).not.toContain('\\u001b]');
    }
    const { stdout } = await cli(['replay', hostile, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ session: hostile, groups: [{ steps: [{ rule: hostile }] }] });
  }, 30_000);

  test.each([
    { situation: 'no such session', args: ['replay', 'nobody'], code: 1, want: /"nobody" is not on record/ },
    { situation: 'no such format', args: ['replay', 's-1', '-o', 'xml'], code: 2, want: /Allowed choices/ },
    {
      situation: 'no such time',
      args: ['sessions', '--since', 'yesterday'],
      code: 2,
      want: /--since yesterday: expected/,
    },
    { situation: 'no such decision', args: ['sessions', '--decision', 'maybe'], code: 2, want: /Allowed choices/ },
    { situation: 'a write', args: ['sql', 'DROP TABLE audit_events'], code: 1, want: /it begins with DROP/ },
    { situation: 'a wrong statement', args: ['sql', 'SELECT nothing FROM audit_events'], code: 1, want: /nothing/ },
    { situation: 'a parameter of no form', args: ['sql', 'SELECT 1', '--param', 'x'], code: 2, want: /name=value/ },
    { situation: 'no statement', args: ['sql'], code: 2, want: /there is no statement/ },
    {
      situation: 'a token sent in the clear',
      args: ['sql', 'SELECT 1', '--sql-url', 'http://127.0.0.1:1'],
      code: 2,
      want: /https/,
    },
    {
      situation: 'nobody there',
      args: ['sql', 'SELECT 1', '--sql-url', 'https://127.0.0.1:1/query'],
      code: 1,
      want: /ECONNREFUSED/,
    },
  ])(
    '$situation: said, on standard error, with code $code',
    async ({ args, code, want }) => {
      const answer = await cli(args);
      expect(answer).toMatchObject({ code, stdout: '' });
      expect(answer.stderr).toMatch(want);
    },
    30_000,
  );

  test.each([
    { situation: 'piped, TSV', args: [], want: "1\tit\\'s\n" },
    { situation: 'CSV', args: ['-o', 'csv'], want: '"a","b"\n1,"it\'s"\n' },
    { situation: 'JSON lines', args: ['-o', 'jsonl'], want: '{"a":1,"b":"it\'s"}\n' },
    { situation: 'another of ClickHouse’s', args: ['--format', 'Values'], want: "(1,'it\\'s')" },
  ])(
    'sql: $situation',
    async ({ args, want }) => {
      const statement = 'SELECT toUInt8(1) AS a, {text:String} AS b';
      expect(await cli(['sql', statement, '--param', "text=it's", ...args])).toMatchObject({ code: 0, stdout: want });
    },
    30_000,
  );

  test('sql: from a file, from standard input, as a table', async () => {
    const file = join(folder, 'q.sql');
    writeFileSync(file, "SELECT count() FROM audit_events WHERE session = 's-1' -- all of it\n");
    expect(await cli(['sql', '--file', file])).toMatchObject({ code: 0, stdout: '8\n' });
    expect(await cli(['sql'], { input: 'SELECT 7;\n' })).toMatchObject({ code: 0, stdout: '7\n' });
    const table = await cli(['sql', '-o', 'table', 'SELECT session, rule FROM audit_events ORDER BY session']);
    expect(table.stdout).toContain('│ s-1 ');
    expect(table.stdout).not.toMatch(/[^\P{Cc}\n]|\u2028/u);
  }, 30_000);

  test('a reader that has read enough ends it without a word', async () => {
    const piped = `"$0" "$1" sql 'SELECT * FROM numbers(2000000)' | head -n 1; exit "\${PIPESTATUS[0]}"`;
    const answer = await startCommand('bash', ['-c', piped, process.execPath, main], { env: sink.auditorEnv }).finished;
    expect(answer).toEqual({ code: 0, stdout: '0\n', stderr: '' });
  }, 30_000);

  test('-f: tells what is, then what comes, and a signal ends it with 0', async () => {
    const session = 's-live';
    const create = (id: string, at: number): SeededCall => ({
      ...{ id, at, verb: 'create', uri: configMaps, ref: { ...settings, name: id }, code: 201, session },
      ...{ command: `kubectl create ${id}`, invocation: id },
    });
    await sink.post('/audit', sessionEvents([create('first', 1)]));
    const watching = startCommand(process.execPath, [main, 'replay', session, '-f'], { env: sink.auditorEnv });
    await eventually('the past', async () => watching.stdout().includes('$ kubectl create first') || undefined);
    // What is new may be older than what is known: a long request is told when it ends.
    await sink.post('/audit', sessionEvents([create('late', 0.5), create('second', 2)]));
    await eventually('the present', async () => watching.stdout().includes('$ kubectl create second') || undefined);
    watching.kill();
    expect((await watching.finished).code).toBe(0);
    for (const name of ['first', 'late', 'second']) {
      expect(watching.stdout().split(`$ kubectl create ${name}\n`)).toHaveLength(2);
    }
  }, 60_000);

  test.each([
    {
      situation: 'the connection is lost',
      args: ['sql', 'SELECT 1', '-o', 'jsonl'],
      answer: '{"a":1}\n',
      isCut: true,
      want: /^Error: https:\/\/127\.0\.0\.1:\d+: aborted/,
    },
    {
      situation: 'a failure in place of a row',
      args: ['sessions'],
      answer: '{"session":"s"}\nCode: 241. DB::Exception: Memory limit exceeded\u001b[31m',
      isCut: false,
      want: /^Error: the answer broke off: Code: 241\. DB::Exception: Memory limit exceeded�\[31m$/m,
    },
  ])(
    'an answer that breaks off half-way, $situation: said, and no success',
    async ({ args, answer, isCut, want }) => {
      const endpoint = await startEndpoint(folder, (response) => {
        response.write(answer, () => (isCut ? response.destroy() : response.end()));
      });
      try {
        const { stderr, code } = await cli(args, { env: endpoint.env });
        expect(code).toBe(1);
        expect(stderr).toMatch(want);
      } finally {
        endpoint.close();
      }
    },
    30_000,
  );

  describe('without a token file, the kubeconfig’s own token is sent', () => {
    test.each([
      { situation: 'static', user: { token: 'static-token' }, want: 'static-token' },
      { situation: 'of a file', user: { tokenFile: 'token' }, want: 'token-of-a-file' },
      {
        situation: 'of a plugin',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'echo',
            args: [
              '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"of-a-plugin"}}',
            ],
            interactiveMode: 'Never',
          },
        },
        want: 'of-a-plugin',
      },
    ])(
      '$situation',
      async ({ user, want }) => {
        writeFileSync(join(folder, 'token'), 'token-of-a-file\n');
        const kubeconfig = join(folder, 'kubeconfig');
        const config = {
          ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
          clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
          users: [{ name: 'u', user }],
          contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        };
        writeFileSync(kubeconfig, JSON.stringify(config));
        const seen: (string | undefined)[] = [];
        const endpoint = await startEndpoint(folder, (response, authorization) => {
          seen.push(authorization);
          response.end('1\n');
        });
        try {
          const env = { ...endpoint.env, KUBECONFIG: kubeconfig, HOLDPOINT_SQL_TOKEN_FILE: '' };
          expect(await cli(['sql', 'SELECT 1'], { env })).toMatchObject({ code: 0, stdout: '1\n' });
          expect(seen).toEqual([`Bearer ${want}`]);
        } finally {
          endpoint.close();
        }
      },
      30_000,
    );

    test('a user without one is told which flag to set', async () => {
      const kubeconfig = join(folder, 'nobody');
      writeFileSync(kubeconfig, '{"apiVersion":"v1","kind":"Config"}');
      const answer = await cli(['sql', 'SELECT 1'], { env: { KUBECONFIG: kubeconfig, HOLDPOINT_SQL_TOKEN_FILE: '' } });
      expect(answer).toMatchObject({ code: 2, stdout: '' });
      expect(answer.stderr).toContain('HOLDPOINT_SQL_TOKEN_FILE');
    }, 30_000);
  });
});

/** An endpoint of no sink: what it sends is what goes wrong on the way. */
async function startEndpoint(
  folder: string,
  answer: (response: ServerResponse, authorization: string | undefined) => void,
): Promise<{ env: Record<string, string>; close: () => void }> {
  const authority = await createAuthority('test');
  const tls = await authority.issueServer('endpoint');
  const ca = join(folder, 'endpoint-ca.pem');
  writeFileSync(ca, authority.certificate);
  const server = createServer({ cert: tls.certificate, key: tls.key }, (request, response) =>
    answer(response, request.headers.authorization),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/query`;
  return {
    env: { HOLDPOINT_SQL_URL: url, HOLDPOINT_SQL_CA_FILE: ca },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
