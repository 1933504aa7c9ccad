import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { apiServerReadings, readingOf, type ApiServerReading } from '../hygiene/api-server-readings.ts';
import { badRequests } from '../hygiene/bad-requests.ts';
import { sendRaw, type RawAnswer } from '../hygiene/send-raw.ts';
import { eventually } from '../src/eventually.ts';

/** One event of the API server's, as the store has it. */
interface Row {
  audit_id: string;
  invocation: string;
  impersonator: string;
  verb: string;
  api_group: string;
  api_version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  request_uri: string;
}

interface Sent {
  direct: { id: string; answer: RawAnswer };
  proxied: { id: string; answer: RawAnswer };
}

/** A few at a time: one after the other would take a minute of waiting for watches to end. */
async function eachOf<T>(rows: readonly T[], visit: (row: T) => Promise<void>): Promise<void> {
  const rest = [...rows];
  const work = async (): Promise<void> => {
    for (let row = rest.shift(); row !== undefined; row = rest.shift()) await visit(row);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** The same bytes, to the real API server and to the proxy: what the one made of them, as its audit events tell, and the other. */
describe('the hygiene of requests', () => {
  let stack: Stack;
  let token: string;
  let proxyUrl: string;
  let events: Row[];
  const sent = new Map<string, Sent>();
  const bad = new Map<string, RawAnswer>();

  /** The API server takes the id of its audit event from a header; the proxy passes this one on as an extra. */
  const headOf = (row: ApiServerReading, id: string): Buffer => {
    const write = ['POST', 'PUT'].includes(row.method);
    const lines = [
      `${row.method} ${row.target} HTTP/1.1`,
      'Host: kubernetes',
      `Authorization: Bearer ${token}`,
      ...[`Audit-ID: ${id}`, `Kubectl-Session: ${id}`, 'Connection: close'],
      ...(write ? ['Content-Type: application/json', 'Content-Length: 2'] : []),
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${write ? '{}' : ''}`, 'latin1');
  };
  const eventOf = (id: string): Row | undefined =>
    events.find((each) => each.audit_id === id || each.invocation === id);
  const readingBy = (id: string): string => {
    const event = eventOf(id);
    if (event === undefined) return 'no request';
    const { api_group: group, api_version: version, request_uri: uri, ...more } = event;
    return readingOf({ ...more, group, version, path: uri.split('?', 1)[0] ?? '' });
  };

  beforeAll(async () => {
    stack = await startScenario();
    token = await stack.token('agent', { sid: stack.sessionOf('agent') });
    proxyUrl = stack.service('proxy').url;
    const sendBoth = async (row: ApiServerReading): Promise<Sent> => {
      const to = async (url: string): Promise<Sent['direct']> => {
        const id = randomUUID();
        return { id, answer: await sendRaw(url, stack.caFile, headOf(row, id)) };
      };
      const [direct, proxied] = await Promise.all([to(stack.urls.apiServer), to(proxyUrl)]);
      return { direct, proxied };
    };
    await eachOf(apiServerReadings, async (row) => void sent.set(row.situation, await sendBoth(row)));
    await eachOf(badRequests, async ({ situation, bytes }) => {
      bad.set(situation, await sendRaw(proxyUrl, stack.caFile, bytes(token)));
    });
    const last = await sendBoth({ situation: '', method: 'GET', target: '/version', reading: '' });
    const awaited = [
      ...apiServerReadings
        .filter(({ reading }) => reading !== 'no request')
        .map(({ situation }) => sent.get(situation)?.direct.id),
      ...[last.direct.id, last.proxied.id],
    ];
    const statement =
      'SELECT DISTINCT audit_id, invocation, impersonator, verb, api_group, api_version, resource, subresource, namespace, ' +
      "name, request_uri FROM audit_events WHERE username = 'coding-agent' AND source = 'apiserver'";
    events = await eventually(
      'all of it is on record',
      async () => {
        const { stdout } = await stack.approvals('approver', ['sql', statement, '--format', 'JSONEachRow']);
        const rows = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
        const ids = new Set(rows.flatMap((row) => [row.audit_id, row.invocation]));
        return awaited.every((id) => id !== undefined && ids.has(id)) ? rows : undefined;
      },
      60_000,
    );
  }, 240_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  test('of each request line, the API server makes what the table says', () => {
    const got = apiServerReadings.map(({ situation }) => [situation, readingBy(sent.get(situation)?.direct.id ?? '')]);
    expect(got).toEqual(apiServerReadings.map(({ situation, reading }) => [situation, reading]));
  });

  test('what the proxy serves, the API server read as it would have read the client', () => {
    const served = apiServerReadings.filter(({ refused }) => refused === undefined);
    const got = served.map(({ situation }) => [situation, readingBy(sent.get(situation)?.proxied.id ?? '')]);
    expect(got).toEqual(served.map(({ situation, reading }) => [situation, reading]));
  });

  test('what the proxy refuses never reaches the API server, and is answered with a Status that says why', () => {
    const refused = apiServerReadings.filter((row) => row.refused !== undefined);
    for (const row of refused) {
      const { id, answer } = sent.get(row.situation)?.proxied ?? { id: '', answer: undefined };
      expect({ situation: row.situation, reading: readingBy(id), count: answer?.count }).toEqual({
        situation: row.situation,
        reading: 'no request',
        count: 1,
      });
      expect([400, 403, 405]).toContain(answer?.code);
      expect(answer?.text).toContain('"kind":"Status"');
      expect(answer?.text).toContain(row.refused);
    }
  });

  test('an answer is the same either way', () => {
    const served = apiServerReadings.filter(({ refused }) => refused === undefined);
    const codes = (way: 'direct' | 'proxied') =>
      served.map(({ situation }) => [situation, sent.get(situation)?.[way].answer.code]);
    expect(codes('proxied')).toEqual(codes('direct'));
  });

  test.each(badRequests)('$situation: $code, a Status, and no more', ({ situation, code, message }) => {
    const answer = bad.get(situation);
    expect({ code: answer?.code, count: answer?.count }).toEqual({ code, count: 1 });
    expect(answer?.text).toContain('"kind":"Status"');
    expect(answer?.text).toContain(message);
  });

  test('nothing that was hidden in another request has reached the API server', () => {
    const hidden = events.filter(({ name, impersonator }) => name === 'smuggled' && impersonator !== '');
    expect(hidden).toEqual([]);
  });

  describe('reads, by rules', () => {
    const policy = (rules: object[]): string =>
      JSON.stringify({
        apiVersion: 'holdpoint.dev/v1alpha1',
        kind: 'AccessPolicy',
        metadata: { name: 'reads-by-rules' },
        spec: { subjects: [{ kind: 'Group', name: 'ai-agents' }], defaultAction: 'Allow', reads: { rules } },
      });
    const noShells = {
      name: 'no-shells',
      action: 'Deny',
      message: 'Run what you mean, without a shell.',
      verbs: ['get'],
      resources: ['pods/exec'],
      matchConditions: [{ name: 'a-shell', expression: 'request.command.size() > 0 && request.command[0] == "sh"' }],
    };
    const noOldLogs = {
      name: 'no-old-logs',
      action: 'Deny',
      message: 'Of logs the present ones.',
      verbs: ['get'],
      resources: ['pods/log'],
      matchConditions: [{ name: 'of-before', expression: 'has(request.query.previous)' }],
    };
    let pod: string;
    beforeAll(async () => {
      const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
      pod = pods.stdout.split('\n')[0] ?? '';
      const applied = await stack.kubectl('admin', ['apply', '-f', '-'], { input: policy([noShells, noOldLogs]) });
      expect(applied).toMatchObject({ code: 0 });
      await eventually('the proxy has the policy', async () => {
        const { stderr } = await stack.kubectl('agent', ['logs', '-n', 'prod', pod, '--previous']);
        return stderr.includes(noOldLogs.message) ? true : undefined;
      });
    }, 60_000);

    test('a rule whose condition does not compile is refused when it is applied, with path and reason', async () => {
      const broken = { ...noShells, matchConditions: [{ name: 'c', expression: 'request.comand.size() > 0' }] };
      const { code, stderr } = await stack.kubectl('admin', ['apply', '-f', '-'], {
        input: policy([noOldLogs, broken]),
      });
      expect(code).not.toBe(0);
      expect(stderr).toContain('spec.reads.rules[1].matchConditions[0].expression');
      expect(stderr).toContain('No such key: comand');
    }, 60_000);

    test('logs as they are now, and not those of before', async () => {
      expect(await stack.kubectl('agent', ['logs', '-n', 'prod', pod])).toMatchObject({ code: 0 });
    }, 60_000);

    test.each(['true', 'false'])(
      'exec of a shell is refused (WebSockets: %s), and of a command is not',
      async (sockets) => {
        const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: sockets };
        const shell = await stack.kubectl('agent', ['exec', '-n', 'prod', pod, '--', 'sh', '-c', 'echo unseen'], {
          env,
        });
        expect(shell.code).not.toBe(0);
        expect(shell.stderr).toContain(noShells.message);
        expect(shell.stdout).toBe('');
        const command = await stack.kubectl('agent', ['exec', '-n', 'prod', pod, '--', 'echo', 'seen']);
        expect(command).toMatchObject({ code: 0, stdout: 'seen\n' });
      },
      60_000,
    );

    test('one asks about oneself, and not about others', async () => {
      expect((await stack.kubectl('agent', ['auth', 'whoami', '-o', 'name'])).stdout).toContain('selfsubjectreview');
      expect((await stack.kubectl('agent', ['auth', 'can-i', 'list', 'pods', '-n', 'prod'])).stdout).toContain('yes');
      expect((await stack.kubectl('agent', ['auth', 'can-i', '--list', '-n', 'prod'])).code).toBe(0);
      const asked = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: 'alice', resourceAttributes: { verb: 'list', resource: 'secrets' } },
      };
      const others = await stack.kubectl('agent', ['create', '--validate=false', '-f', '-'], {
        input: JSON.stringify(asked),
      });
      expect(others.code).not.toBe(0);
      expect(others.stderr).toContain('asks about others and is refused');
    }, 60_000);
  });
});
