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
      "name, request_uri FROM audit_events WHERE username = 'coding-agent'";
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
});
