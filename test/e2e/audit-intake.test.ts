import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { Agent, request, type RequestOptions } from 'node:https';
import type { ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type CertifiedKey } from '@holdpoint/local';
import { createAuditSink, eventList, type AuditSink, type SinkAnswer } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';

/** What a sender sends otherwise than whole, in one piece, and with the intake token. */
interface Sending {
  path?: string;
  /** Undefined: the intake's. Empty: none. */
  token?: string;
  headers?: Record<string, string>;
  client?: CertifiedKey;
  agent?: Agent;
}

function open(sink: AuditSink, { path = '/audit', token, headers = {}, client, agent }: Sending = {}) {
  const shown = token ?? sink.intakeToken;
  const { hostname, port } = new URL(sink.url);
  const options: RequestOptions = {
    ...{ method: 'POST', hostname, port, path, ca: readFileSync(sink.caFile), agent: agent ?? false },
    headers: { ...(shown === '' ? {} : { authorization: `Bearer ${shown}` }), ...headers },
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  };
  const sent: ClientRequest = request(options);
  const answered = new Promise<SinkAnswer>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
  });
  // Of some requests nobody wants to know how they end.
  answered.catch(() => undefined);
  return { sent, answered };
}

function send(sink: AuditSink, body: string | Buffer, sending: Sending = {}): Promise<SinkAnswer> {
  const { sent, answered } = open(sink, sending);
  sent.end(body);
  return answered;
}

const countOf = async (sink: AuditSink, condition: string): Promise<number> =>
  Number(await sink.sql(`SELECT count() FROM audit_events WHERE ${condition}`));
const stored = (sink: AuditSink, what: string, condition: string, want = 1): Promise<true> =>
  eventually(what, async () => ((await countOf(sink, condition)) === want ? true : undefined));
/** Whatever was acknowledged before this is in the store when it resolves: the spool is loaded in its order. */
let marks = 0;
async function settled(sink: AuditSink): Promise<void> {
  marks += 1;
  expect(await send(sink, eventList([`mark-${String(marks)}`]))).toMatchObject({ code: 200 });
  await stored(sink, 'what was sent last', `audit_id = 'mark-${String(marks)}'`);
}
const gzip = { 'content-encoding': 'gzip' };
const mebibyte = 1024 * 1024;

describe('audit intake', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());

  describe('what is sent in another way than it should be', () => {
    const whole = eventList(['cut-1', 'cut-2', 'cut-3']);
    const cutAt = whole.lastIndexOf('"auditID":"cut-3"');

    test('compressed', async () => {
      expect(await send(sink, gzipSync(eventList(['gzip-1', 'gzip-2'])), { headers: gzip })).toMatchObject({
        code: 200,
      });
      await stored(sink, 'they are stored', "startsWith(audit_id, 'gzip-') AND broken = ''", 2);
    });

    test.each([
      { situation: 'no gzip', body: Buffer.from(whole), headers: gzip, want: 400, wantText: 'expected whole gzip' },
      {
        situation: 'half a gzip',
        body: gzipSync(whole).subarray(0, 200),
        headers: gzip,
        want: 400,
        wantText: 'expected whole gzip',
      },
      {
        situation: 'a gzip whose checksum is wrong',
        body: Buffer.concat([gzipSync(whole).subarray(0, -8), Buffer.alloc(8)]),
        headers: gzip,
        want: 400,
        wantText: 'expected whole gzip',
      },
      {
        situation: 'an encoding that is not known',
        body: Buffer.from(whole),
        headers: { 'content-encoding': 'br' },
        want: 415,
        wantText: 'ERR_ENCODING_UNSUPPORTED',
      },
      {
        situation: 'two encodings',
        body: gzipSync(gzipSync(whole)),
        headers: { 'content-encoding': 'gzip, gzip' },
        want: 415,
        wantText: 'ERR_ENCODING_UNSUPPORTED',
      },
      {
        situation: 'cut off in its third event',
        body: Buffer.from(whole.slice(0, cutAt)),
        headers: {},
        want: 400,
        wantText: `byte ${String(cutAt)} of the body`,
      },
    ])('$situation is answered $want, and the connection lives on', async ({ body, headers, want, wantText }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const answer = await send(sink, body, { headers, agent });
      expect(answer).toMatchObject({ code: want, text: expect.stringContaining(wantText) });
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure', code: want });
      expect(await send(sink, eventList(['next']), { agent })).toMatchObject({ code: 200 });
      agent.destroy();
    });

    test('of what was cut off, the events that were whole are kept; and once, when it is sent again', async () => {
      await stored(sink, 'the first two', "startsWith(audit_id, 'cut-')", 2);
      expect(await send(sink, whole)).toMatchObject({ code: 200 });
      await settled(sink);
      expect(await countOf(sink, "startsWith(audit_id, 'cut-')")).toBe(3);
    });

    test('no answer quotes what was sent: there may be a secret in it', async () => {
      const secret = 'correct-horse-battery-staple';
      for (const [path, body] of [
        ['/audit', `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"password":"${secret}",}`],
        ['/audit', `"${secret}"`],
        ['/recordings', `{"recordings":[{"password":"${secret}",}`],
      ] as const) {
        const answer = await send(sink, body, { path });
        expect(answer).toMatchObject({ code: 400, text: expect.not.stringContaining(secret) });
      }
      expect(sink.log()).not.toContain(secret);
    });

    test('a byte at a time', async () => {
      const { sent, answered } = open(sink);
      for (const byte of Buffer.from(eventList(['slow-ä漢😀']))) sent.write(Buffer.from([byte]));
      sent.end();
      expect(await answered).toMatchObject({ code: 200 });
      await stored(sink, 'it is stored', "audit_id = 'slow-ä漢😀' AND broken = ''");
    });
  });

  describe('what is too much', () => {
    const peakBytes = (): number =>
      1024 * Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(sink.pid())}/status`, 'utf8'))?.[1]);

    test('an event of 200 MiB becomes a stub that says what it was, its neighbours stay, and memory does not follow', async () => {
      const [before = '', middle = '', after = ''] = ['beside-1', 'huge', 'beside-2'].map((id) =>
        JSON.stringify((JSON.parse(eventList([id])) as { items: unknown[] }).items[0]),
      );
      const cut = middle.indexOf('"text":"') + '"text":"'.length;
      const peak = peakBytes();
      for (let sendings = 0; sendings < 2; sendings += 1) {
        const { sent, answered } = open(sink);
        sent.write(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${before},${middle.slice(0, cut)}`);
        const piece = Buffer.alloc(mebibyte, 'x');
        for (let i = 0; i < 200; i += 1) {
          if (!sent.write(piece)) await new Promise((resolve) => sent.once('drain', resolve));
        }
        sent.end(`${middle.slice(cut)},${after}]}`);
        expect(await answered).toMatchObject({ code: 200 });
      }
      await stored(sink, 'the neighbours', "startsWith(audit_id, 'beside-') AND broken = ''", 2);
      await stored(
        sink,
        'the stub',
        `audit_id = 'huge' AND decision = 'allow' AND username = 'coding-agent' AND startsWith(broken, 'oversize')
           AND event_time = '2026-05-04 10:11:12'`,
      );
      await settled(sink);
      expect(await countOf(sink, "audit_id = 'huge'")).toBe(1);
      expect(peakBytes() - peak).toBeLessThan(200 * mebibyte);
    }, 60_000);

    test('a POST of more than 256 MiB is answered 413, however small it was on its way', async () => {
      const bomb = gzipSync(Buffer.alloc(300 * mebibyte, ' '));
      expect(bomb.length).toBeLessThan(mebibyte);
      expect(await send(sink, bomb, { headers: gzip })).toMatchObject({
        code: 413,
        text: expect.stringContaining('ERR_BODY_TOO_LARGE'),
      });
      expect(await send(sink, eventList(['after-the-bomb']))).toMatchObject({ code: 200 });
    }, 60_000);

    test('recordings past 32 MiB are answered 413', async () => {
      const body = `{"recordings":[],"x":"${'x'.repeat(33 * mebibyte)}"}`;
      expect(await send(sink, body, { path: '/recordings' })).toMatchObject({ code: 413 });
    });

    test('more POSTs than may wait are answered 503 with Retry-After; when the others have gone, there is room', async () => {
      const slow = Array.from({ length: 64 + 256 }, () => {
        const { sent, answered } = open(sink);
        sent.write('{"kind":');
        return { sent, answered };
      });
      const refused = await eventually(
        'the intake is busy',
        async () => {
          const answer = await send(sink, eventList(['busy']));
          return answer.code === 503 ? answer : undefined;
        },
        30_000,
      );
      expect(refused.text).toContain('ERR_INTAKE_BUSY');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      for (const { sent } of slow) sent.destroy();
      await eventually('there is room', async () =>
        (await send(sink, eventList(['room']))).code === 200 ? true : undefined,
      );
    }, 60_000);
  });

  test('a flood of senders without a token keeps nobody out', async () => {
    const flood = Array.from({ length: 400 }, () => {
      const opened = open(sink, { token: 'nobody' });
      opened.sent.write('{"kind":');
      return opened;
    });
    expect(await Promise.all(flood.map(async ({ answered }) => (await answered).code))).toEqual(flood.map(() => 401));
    expect(await send(sink, eventList(['through-the-flood']))).toMatchObject({ code: 200 });
    for (const { sent } of flood) sent.destroy();
  }, 30_000);

  test.each([
    { situation: 'before a byte', written: '', headers: {} },
    { situation: 'in the middle of an event', written: eventList(['gone-1']).slice(0, 300), headers: {} },
    { situation: 'in the middle of a gzip', written: gzipSync(eventList(['gone-2'])).subarray(0, 100), headers: gzip },
  ])(
    'a sender that goes away $situation leaves nothing behind',
    async ({ written, headers }) => {
      for (let i = 0; i < 70; i += 1) {
        const { sent } = open(sink, { headers: { ...headers, 'content-length': '10000' } });
        sent.write(written);
        await new Promise((resolve) => sent.once('socket', (socket) => socket.once('secureConnect', resolve)));
        sent.destroy();
      }
      // More than are read at once have gone: none of them keeps its place.
      expect(await send(sink, eventList(['still-there']))).toMatchObject({ code: 200 });
      expect(sink.log()).not.toMatch(/unhandled|uncaught|"level":60/i);
    },
    30_000,
  );

  describe('what cannot be told apart by its id', () => {
    test('two contents under one id are both kept, and told of', async () => {
      await send(sink, eventList(['forged'], { verb: 'get' }));
      await send(sink, eventList(['forged'], { verb: 'get' }));
      expect(sink.log()).not.toContain('one audit id with two contents');
      await send(sink, eventList(['forged'], { verb: 'delete' }));
      await stored(sink, 'both', "audit_id = 'forged'", 2);
      expect(sink.log()).toMatch(/"auditId":"forged".*"one audit id with two contents"/);
    });

    test('what is no event is kept once, however often it is sent', async () => {
      const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"auditID":"malformed-1","stage":5},{"a":tru}]}`;
      const notJson = "broken = 'broken: it is not JSON'";
      const before = await countOf(sink, notJson);
      for (let sendings = 0; sendings < 3; sendings += 1) {
        expect(await send(sink, list)).toMatchObject({ code: 200 });
        await settled(sink);
      }
      expect(await countOf(sink, "audit_id = 'malformed-1'")).toBe(1);
      expect(await countOf(sink, notJson)).toBe(before + 1);
    });

    test('fields that are not known cost an event nothing, and are told of', async () => {
      await send(
        sink,
        eventList(['newer'], { authenticationMetadata: { impersonationConstraint: 'x' }, next: { a: 1 } }),
      );
      await stored(sink, 'it is stored', "audit_id = 'newer' AND broken = 'unknown fields: next' AND verb = 'update'");
    });
  });
});

describe('audit intake: who may send', () => {
  let folder: string;
  let sink: AuditSink;
  let apiServer: CertifiedKey;
  let another: CertifiedKey;
  let stranger: CertifiedKey;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-intake-'));
    const authority = await createAuthority('clients');
    apiServer = await authority.issueClient('kube-apiserver');
    another = await authority.issueClient('kubelet');
    stranger = await (await createAuthority('clients')).issueClient('kube-apiserver');
    writeFileSync(join(folder, 'ca.pem'), authority.certificate);
    writeFileSync(join(folder, 'recordings'), 'recordings-token\n');
    sink = await createAuditSink([
      ...['--intake-client-ca-file', join(folder, 'ca.pem'), '--intake-client-names', 'other.example, kube-apiserver'],
      ...['--recordings-token-file', join(folder, 'recordings')],
    ]);
    await sink.start();
  }, 60_000);
  afterAll(async () => {
    await sink?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const recordings = '{"recordings":[]}';
  test.each([
    { situation: 'a certificate of the authority', who: () => apiServer, token: '', want: 200 },
    { situation: 'one with another name', who: () => another, token: '', want: 401 },
    { situation: 'one of another authority that has the same name', who: () => stranger, token: '', want: 401 },
    { situation: 'one of another authority, and the token', who: () => stranger, token: undefined, want: 200 },
    { situation: 'the token alone', who: () => undefined, token: undefined, want: 200 },
    { situation: 'neither', who: () => undefined, token: '', want: 401 },
    { situation: 'the recordings’ token', who: () => undefined, token: 'recordings-token', want: 401 },
  ])('events, by $situation: $want', async ({ who, token, want }) => {
    const client = who();
    const sending = { ...(client === undefined ? {} : { client }), ...(token === undefined ? {} : { token }) };
    expect(await send(sink, eventList(['sent']), sending)).toMatchObject({ code: want });
  });

  test('a certificate counts on each request of a connection, and on a connection that goes on with an old session', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 10 });
    for (let i = 0; i < 4; i += 1) {
      expect(await send(sink, eventList(['again']), { client: apiServer, token: '', agent })).toMatchObject({
        code: 200,
      });
      if (i === 1) agent.destroy();
    }
    agent.destroy();
  });

  test.each(['/recordings', '/transcripts'])(
    '%s: only by its own token; an API server cannot speak for the proxy',
    async (path) => {
      const body = path === '/recordings' ? recordings : eventList(['t']);
      expect(await send(sink, body, { path, token: 'recordings-token' })).toMatchObject({ code: 200 });
      expect(await send(sink, body, { path })).toMatchObject({ code: 401 });
      expect(await send(sink, body, { path, token: '', client: apiServer })).toMatchObject({ code: 401 });
    },
  );

  test('recordings may be compressed', async () => {
    const sending = { path: '/recordings', token: 'recordings-token', headers: gzip };
    expect(await send(sink, gzipSync(recordings), sending)).toMatchObject({ code: 200 });
  });

  test('what the proxy tells stands beside what the API server tells of the same request', async () => {
    const list = eventList(['both-tell']);
    await send(sink, list);
    await send(sink, eventList(['both-tell'], { verb: 'get' }), { path: '/transcripts', token: 'recordings-token' });
    await stored(sink, 'the API server’s', "audit_id = 'both-tell' AND source = 'apiserver'");
    await stored(sink, 'the proxy’s', "audit_id = 'both-tell' AND source = 'proxy'");
    expect(sink.log()).not.toContain('one audit id with two contents');
  });
});

describe('audit intake: log files', () => {
  let folder: string;
  let log: string;
  let other: string;
  let sink: AuditSink;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-intake-'));
    log = join(folder, 'audit.log');
    other = join(folder, 'other.log');
    sink = await createAuditSink(['--audit-log-file', `${log},${other}`]);
    await sink.start();
  }, 60_000);
  afterAll(async () => {
    await sink?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  /** As a log has them: a line an event. */
  const write = (ids: readonly string[], file = log): void => {
    const { items } = JSON.parse(eventList(ids, { apiVersion: 'audit.k8s.io/v1' })) as { items: unknown[] };
    appendFileSync(file, items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  };

  test('several files are followed, and what is no event is a stub', async () => {
    write(['file-1']);
    write(['file-2'], other);
    appendFileSync(log, 'not JSON\n');
    write(['file-3']);
    await stored(sink, 'they are stored', "startsWith(audit_id, 'file-') AND source = 'file' AND broken = ''", 3);
    await stored(sink, 'the stub', "source = 'file' AND broken = 'broken: it is not JSON'");
  });

  test('an event that comes by webhook too is stored once', async () => {
    write(['twice']);
    await stored(sink, 'from the file', "audit_id = 'twice'");
    expect(await send(sink, eventList(['twice']))).toMatchObject({ code: 200 });
    await settled(sink);
    expect(await countOf(sink, "audit_id = 'twice'")).toBe(1);
    expect(sink.log()).not.toContain('one audit id with two contents');
  });

  test('killed and rotated again and again, it takes every line, and each once', async () => {
    const ids = Array.from({ length: 400 }, (_, i) => `rotated-${String(i)}`);
    for (let round = 0; round < 4; round += 1) {
      const part = ids.slice(round * 100, round * 100 + 100);
      write(part.slice(0, 50));
      // The first round has been read when it is killed; of the others some part, or nothing.
      if (round === 0) await stored(sink, 'the first', "startsWith(audit_id, 'rotated-')", 50);
      await sink.kill();
      write(part.slice(50, 70));
      if (round % 2 === 0) renameSync(log, join(folder, `audit-2026-05-04T10-11-12.00${String(round)}.log`));
      else {
        copyFileSync(log, join(folder, `audit.log.${String(round)}`));
        truncateSync(log);
      }
      write(part.slice(70));
      await sink.start();
    }
    await stored(sink, 'all of them', "startsWith(audit_id, 'rotated-')", ids.length);
    expect(
      Number(await sink.sql("SELECT uniqExact(audit_id) FROM audit_events WHERE startsWith(audit_id, 'rotated-')")),
    ).toBe(ids.length);
  }, 60_000);
});
