import { EventEmitter } from 'node:events';
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMask, HoldpointError } from '@holdpoint/core';
import { readPayload } from '../spool/spooled.ts';
import { createIntake, type Intake } from './intake.ts';

const event = {
  ...{ auditID: 'a-1', stage: 'ResponseComplete', verb: 'get' },
  ...{ requestReceivedTimestamp: '2026-05-04T10:11:12Z', stageTimestamp: '2026-05-04T10:11:13Z' },
};
const listOf = (...items: readonly string[]): string =>
  `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${items.join(',')}]}`;
const eventText = (id: string, more: object = {}): string => JSON.stringify({ ...event, auditID: id, ...more });

let folder: string;
let intake: Intake;
/** Of each record that was asked to be kept: its table and the audit ids of its rows, and what its sender waits for. */
let records: { table: string; ids: string[]; keep: () => void; fail: (error: Error) => void }[];
let told: unknown[];
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-intake-'));
  writeFileSync(join(folder, 'token'), 'secret\n');
  records = [];
  told = [];
  nowMs = 1_000_000;
  const silent = () => undefined;
  const notAsked = (): never => {
    throw new Error('the intake asks the spool for nothing');
  };
  intake = createIntake({
    spool: {
      append: (payload) =>
        new Promise((resolve, reject) => {
          const { table, lines } = readPayload(payload);
          const ids = lines.map((line) => (JSON.parse(line) as { audit_id: string }).audit_id);
          records.push({ table, ids, keep: resolve, fail: reject });
        }),
      ...{
        read: notAsked,
        forgetBefore: notAsked,
        size: notAsked,
        sizeAfter: notAsked,
        end: notAsked,
        close: notAsked,
      },
    },
    mask: createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
    proxyUsername: 'proxy',
    now: () => nowMs,
    eventSenders: { tokenFile: join(folder, 'token') },
    recordingsTokenFile: join(folder, 'token'),
    logFiles: [],
    logPositionsFolder: folder,
    onSpooled: () => void told.push('spooled'),
    observer: {
      eventsTaken: (source, count) => void told.push([source, count]),
      stubbed: (reason) => void told.push(reason),
      auditIdCollision: () => void told.push('collision'),
      postAnswered: (post) => void told.push(post),
      refusedAsBusy: () => void told.push('busy'),
    },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** A request and its answer, as far as the intake looks at them. */
class Exchange extends EventEmitter {
  readonly request: Readable;
  destroyed = false;
  code = 0;
  headers: Record<string, string> = {};
  /** @param isWhole false: more is to come, and never does */
  constructor(path: string, pieces: readonly string[], isWhole = true) {
    super();
    const message = { headers: { authorization: 'Bearer secret' }, socket: {}, complete: false };
    this.request = Object.assign(new Readable({ read: () => undefined }), message);
    // A request whose errors nobody wants to hear of keeps them to itself.
    this.request.on('error', () => undefined);
    for (const piece of pieces) this.request.push(Buffer.from(piece));
    if (isWhole) this.request.push(null);
    intake.endpoints.get(path)?.(this.request as unknown as IncomingMessage, this as unknown as ServerResponse);
  }
  writeHead(code: number, headers: Record<string, string>): void {
    this.code = code;
    this.headers = headers;
  }
  end(): void {
    this.emit('close');
  }
  leave(): void {
    this.destroyed = true;
    this.request.destroy(new Error('aborted'));
    this.emit('close');
  }
}

describe('a POST', () => {
  test('is answered when all of it is on disk, and not before', async () => {
    const list = listOf(eventText('a'), eventText('b'));
    const post = new Exchange('/audit', [list]);
    await until(() => records.length === 1);
    await turn();
    expect([post.code, told]).toEqual([0, []]);
    nowMs += 250;
    records[0]?.keep();
    await until(() => post.code !== 0);
    expect(records.map(({ table, ids }) => [table, ids])).toEqual([['audit_events', ['a', 'b']]]);
    expect([post.code, told]).toEqual([
      200,
      [['apiserver', 2], 'spooled', { path: '/audit', code: 200, bytes: Buffer.byteLength(list), seconds: 0.25 }],
    ]);
  });

  test('that is long goes to the spool in several records; the next is made when the one before is on disk', async () => {
    const large = { userAgent: 'x'.repeat(600_000) };
    const post = new Exchange('/transcripts', [listOf(...['a', 'b', 'c', 'd', 'e'].map((id) => eventText(id, large)))]);
    for (let record = 0; record < 3; record += 1) {
      await until(() => records.length === record + 1);
      expect(post.code).toBe(0);
      records[record]?.keep();
    }
    await until(() => post.code !== 0);
    expect(records.map(({ ids }) => ids)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(told.slice(0, 3)).toEqual([
      ['proxy', 2],
      ['proxy', 2],
      ['proxy', 1],
    ]);
  });

  test.each([
    {
      situation: 'the spool is full',
      error: new HoldpointError('ERR_SPOOL_FULL', 'the spool takes nothing more'),
      want: 503,
      wantHeader: '5',
    },
    { situation: 'the disk breaks', error: new Error('EIO'), want: 500, wantHeader: undefined },
  ])('is refused when $situation, and nothing counts as taken', async ({ error, want, wantHeader }) => {
    const post = new Exchange('/audit', [listOf(eventText('a'))]);
    await until(() => records.length === 1);
    records[0]?.fail(error);
    await until(() => post.code !== 0);
    expect(post.code).toBe(want);
    expect(post.headers['retry-after']).toBe(wantHeader);
    expect(told).toEqual([expect.objectContaining({ path: '/audit', code: want })]);
  });

  test('that breaks off is refused when what was whole of it is on disk', async () => {
    const post = new Exchange('/audit', [listOf(eventText('a'), '{"auditID":5}').slice(0, -1), '"']);
    await until(() => records.length === 1);
    expect(post.code).toBe(0);
    records[0]?.keep();
    await until(() => post.code !== 0);
    expect([post.code, records[0]?.ids]).toEqual([400, ['a', '']]);
    expect(told).toEqual(['malformed', ['apiserver', 2], expect.objectContaining({ code: 400 })]);
  });

  test('whose sender goes away is answered to nobody, and leaves its place', async () => {
    const slow = Array.from({ length: 64 + 256 }, () => new Exchange('/audit', ['{"kind":'], false));
    await turn();
    const busy = new Exchange('/audit', [listOf()]);
    await until(() => busy.code !== 0);
    expect([busy.code, busy.headers['retry-after']]).toEqual([503, '5']);
    expect(told).toEqual(['busy', expect.objectContaining({ code: 503, bytes: 0 })]);
    for (const post of slow) post.leave();
    const next = new Exchange('/audit', [listOf()]);
    await until(() => next.code !== 0);
    expect(next.code).toBe(200);
    expect(told.filter((each) => (each as { code?: number }).code === 0)).toHaveLength(slow.length);
  });

  test('of recordings is kept whole or not at all', async () => {
    const recording = {
      ...{ recordingId: 'r', auditId: 'a', session: 's', username: 'u', namespace: 'n', pod: 'p', container: 'c' },
      ...{ command: [], startedAt: '2026-05-04T10:11:12Z', sequence: 0, frames: [] },
    };
    const bad = new Exchange('/recordings', [JSON.stringify({ recordings: [recording, { recordingId: 5 }] })]);
    await until(() => bad.code !== 0);
    expect([bad.code, records]).toEqual([400, []]);
    const good = new Exchange('/recordings', [JSON.stringify({ recordings: [recording] })]);
    await until(() => records.length === 1);
    expect([good.code, records[0]?.table]).toEqual([0, 'recordings']);
    records[0]?.keep();
    await until(() => good.code !== 0);
    expect(good.code).toBe(200);
  });
});

test('only what is known is served', () => {
  expect([...intake.endpoints.keys()]).toEqual(['/audit', '/transcripts', '/recordings']);
});
