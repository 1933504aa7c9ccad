import { generateKeyPairSync, verify } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createChainVerifier,
  emptyRow,
  toChainedRow,
  toRowLine,
  type ChainedTable,
  type ChainReport,
  type Checkpoint,
  type JsonObject,
} from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { openSpool, type Spool } from '../spool/spool.ts';
import { identityOf, toPayload } from '../spool/spooled.ts';
import type { AuditStore } from './audit-store.ts';
import { createCheckpoints, createSigner } from './checkpoints.ts';
import { createLoader, type Loader, type LoaderParts } from './loader.ts';
import { sha256 } from '../sha256.ts';

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

type Row = JsonObject & { sequence: number; stored_at: string; chain: string };

/** How an insert goes wrong. */
type Fault =
  /** It fails, and nothing is stored. */
  | 'refused'
  /** It fails, and is stored all the same: the answer was lost. */
  | 'unanswered'
  /** It fails, and lands after whoever sent it has looked for it. */
  | 'late'
  /** It fails, and half of its rows are stored. */
  | 'half';

/**
 * A store that keeps its rows in a list. It leaves out what comes under a token again, as ClickHouse does. That the real one
 * does what this one does is what test/e2e/audit-store.test.ts shows.
 */
function fakeStore() {
  const rows: Record<ChainedTable, Row[]> = { audit_events: [], recordings: [] };
  const checkpoints: Checkpoint[] = [];
  const tokens = new Set<string>();
  const faults: Fault[] = [];
  const inserted: string[] = [];
  const late: (() => void)[] = [];
  const land = (table: ChainedTable, lines: readonly string[], token: string): void => {
    if (tokens.has(token)) return;
    tokens.add(token);
    rows[table].push(...lines.map((line) => JSON.parse(line) as Row));
  };
  const parse = (lines: readonly string[]): void => {
    if (lines.some((line) => line.includes('poison'))) throw new Error('Code: 27. DB::Exception: Cannot parse input');
  };
  const store: AuditStore = {
    readEnd(table) {
      const ends = [...rows[table], ...checkpoints.filter(({ table_name }) => table_name === table)];
      const last = ends.toSorted((a, b) => b.sequence - a.sequence)[0];
      return Promise.resolve(last && { sequence: last.sequence, chain: last.chain, storedAt: last.stored_at });
    },
    stored(table, lines) {
      const seen = new Set(rows[table].map((row) => row['event_hash'] as string));
      return Promise.resolve(
        lines.flatMap((line, i) => {
          const { hash } = identityOf(line);
          const isSeen = seen.has(hash);
          seen.add(hash);
          return isSeen ? [i] : [];
        }),
      );
    },
    placesTaken(table, first, last) {
      const found = rows[table].filter(({ sequence }) => sequence >= first && sequence <= last);
      const taken = new Map(found.map(({ sequence, chain }) => [sequence, chain]));
      for (const each of late.splice(0)) each();
      return Promise.resolve(taken);
    },
    insert: async (table, lines, token) => {
      const fault = faults.shift();
      if (fault === 'refused') throw new Error('connection refused');
      parse(lines);
      inserted.push(token);
      if (fault === 'late') late.push(() => land(table, lines, token));
      else if (fault === 'half') land(table, lines.slice(0, Math.ceil(lines.length / 2)), `${token}/first block`);
      else land(table, lines, token);
      if (fault !== undefined) throw new Error('connection reset');
    },
    tryParse: async (_table, lines) => parse(lines),
    readLastCheckpoint: (table) => Promise.resolve(checkpoints.filter(({ table_name }) => table_name === table).at(-1)),
    insertCheckpoint(checkpoint) {
      checkpoints.push(checkpoint);
      return Promise.resolve();
    },
  };
  return { store, rows, checkpoints, faults, inserted };
}

const time = '2026-05-04 10:11:12.000000';

function eventLine(n: number, more: object = {}): string {
  const event_hash = n.toString(16).padStart(64, '0');
  return toRowLine({
    ...emptyRow,
    event_time: time,
    stage_time: time,
    audit_id: `a-${String(n)}`,
    event_hash,
    ...more,
  });
}

function recordingLine(n: number): string {
  return toRowLine({
    ...{ event_hash: n.toString(16).padStart(64, '0'), started_at: time, recording_id: `r-${String(n)}` },
    ...{ sequence_in_recording: 0, audit_id: '', session: '', username: '', namespace: '', pod: '', container: '' },
    ...{ command: [], width: 0, height: 0, frames: [[0.1, 'o', 'x']], ended_at: null },
  });
}

describe('loader', () => {
  let folder: string;
  let spool: Spool;
  let clock: number;
  let fake: ReturnType<typeof fakeStore>;
  const running = new Set<Loader>();
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-loader-'));
    spool = await openSpool({ folder: join(folder, 'spool'), maxBytes: 100_000_000, logger });
    clock = Date.parse('2026-05-04T12:00:00.000Z');
    fake = fakeStore();
  });
  afterEach(async () => {
    for (const loader of running) await loader.close();
    running.clear();
    await spool.close();
    rmSync(folder, { recursive: true });
  });
  const append = (numbers: readonly number[], line: (n: number) => string = eventLine): Promise<void> =>
    spool.append(toPayload({ table: 'audit_events', lines: numbers.map((n) => line(n)) }));
  const load = (more: Partial<LoaderParts> & { retentionDays?: number; sign?: (text: string) => string } = {}) => {
    const now = (): number => clock;
    const { store } = fake;
    const { retentionDays = 0, sign, ...parts } = more;
    const loader = createLoader({
      ...{ spool, store, sink: 's', now, logger, retryDelaysMs: [5] },
      checkpoints: createCheckpoints({ store, sink: 's', retentionDays, sign, now, logger }),
      folders: { spool: join(folder, 'spool'), refused: join(folder, 'refused') },
      ...parts,
    });
    running.add(loader);
    return loader;
  };
  const loadAll = (more: Parameters<typeof load>[0] = {}): Promise<void> => load(more).close();
  const ids = (): string[] => fake.rows.audit_events.map((row) => row['audit_id'] as string);
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 400 && !condition(); i += 1) await sleep(10);
  };
  const verified = (table: ChainedTable = 'audit_events'): ChainReport => {
    const checkpoints = fake.checkpoints.filter(({ table_name }) => table_name === table);
    const verifier = createChainVerifier({ table, sink: 's', checkpoints, now: '2026-05-30 00:00:00.000', sha256 });
    for (const row of fake.rows[table].toSorted((a, b) => a.sequence - b.sequence))
      verifier.row(toChainedRow(table, row));
    return verifier.end();
  };
  const positionFile = (): string => join(folder, 'spool', 'position.json');

  test('what is in the spool reaches the store, in order, chained, and then leaves the spool', async () => {
    await append([1, 2]);
    await append([3]);
    await loadAll();
    expect(ids()).toEqual(['a-1', 'a-2', 'a-3']);
    expect(verified()).toMatchObject({ rows: 3, first: 1, last: 3, findings: [], checkpoints: 1 });
    expect(fake.rows.audit_events[0]).toMatchObject({ sink: 's', stored_at: '2026-05-04 12:00:00.000' });
    expect(spool.sizeAfter(JSON.parse(readFileSync(positionFile(), 'utf8')))).toBe(0);
  });

  test('recordings have a chain of their own', async () => {
    await append([1]);
    await spool.append(toPayload({ table: 'recordings', lines: [1, 2].map(recordingLine) }));
    await append([2]);
    await loadAll();
    expect(verified()).toMatchObject({ rows: 2, last: 2, findings: [] });
    expect(verified('recordings')).toMatchObject({ rows: 2, last: 2, findings: [] });
  });

  test('a batch that is sent again, within one load or a later one, is stored once', async () => {
    await append([1, 2]);
    await append([2, 1]);
    await loadAll();
    await append([1, 2]);
    await loadAll();
    await append([1, 2, 3]);
    await loadAll();
    expect(ids()).toEqual(['a-1', 'a-2', 'a-3']);
    expect(verified().findings).toEqual([]);
  });

  test.each<{ situation: string; faults: Fault[] }>([
    { situation: 'an insert that fails', faults: ['refused', 'refused'] },
    { situation: 'an insert that happens although it fails', faults: ['unanswered'] },
    { situation: 'an insert that lands after it was looked for', faults: ['late'] },
    { situation: 'an insert of which half happens', faults: ['half'] },
    { situation: 'half, and then no answer for the rest', faults: ['half', 'unanswered'] },
    { situation: 'half, and the rest lands after it was looked for', faults: ['half', 'late'] },
    { situation: 'all of it, one after the other', faults: ['refused', 'late', 'refused'] },
  ])('$situation is made again as it was: nothing is lost, doubled or numbered twice', async ({ faults }) => {
    fake.faults.push(...faults);
    await append([1, 2, 3]);
    const loader = load();
    await until(() => fake.faults.length === 0 && fake.rows.audit_events.length >= 3);
    await append([4]);
    loader.wake();
    await until(() => fake.rows.audit_events.length >= 4);
    await loader.close();
    expect(ids()).toEqual(['a-1', 'a-2', 'a-3', 'a-4']);
    expect(verified()).toMatchObject({ rows: 4, findings: [] });
  });

  test.each<{ situation: string; fault: Fault }>([
    { situation: 'before the insert', fault: 'refused' },
    { situation: 'after the insert', fault: 'unanswered' },
    { situation: 'while the insert is on its way', fault: 'late' },
    { situation: 'within the insert', fault: 'half' },
  ])(
    'stopped $situation: the next process carries out the same plan, at the same time of storing',
    async ({ fault }) => {
      await append([1]);
      await loadAll();
      fake.faults.push(fault, 'refused', 'refused', 'refused');
      await append([2, 3]);
      const stopped = load({ retryDelaysMs: [60_000] });
      await until(() => fake.faults.length === 3);
      await stopped.close();
      fake.faults.length = 0;
      clock += 3_600_000;
      await append([4]);
      await loadAll();
      expect(ids()).toEqual(['a-1', 'a-2', 'a-3', 'a-4']);
      expect(verified()).toMatchObject({ rows: 4, findings: [] });
      expect(fake.rows.audit_events.map((row) => row.stored_at.slice(11, 13))).toEqual(['12', '12', '12', '13']);
    },
  );

  test.each([
    { situation: 'the position', lost: ['position.json'] },
    { situation: 'position and plan', lost: ['position.json', 'plan.json'] },
    { situation: 'the plan', lost: ['plan.json'] },
  ])('$situation lost: the store knows what it has, and the chain goes on', async ({ lost }) => {
    await append([1, 2]);
    await loadAll();
    for (const name of lost) rmSync(join(folder, 'spool', name));
    await append([3]);
    await loadAll();
    expect(ids()).toEqual(['a-1', 'a-2', 'a-3']);
    expect(verified()).toMatchObject({ last: 3, findings: [] });
  });

  test('a spool that was emptied under its position is read from its beginning', async () => {
    await append([1, 2]);
    await loadAll();
    writeFileSync(positionFile(), JSON.stringify({ segment: 9, offset: 0 }));
    await append([3]);
    await loadAll();
    expect(ids()).toEqual(['a-1', 'a-2', 'a-3']);
  });

  test('rows that retention took away are not numbered again', async () => {
    await append([1, 2]);
    await loadAll();
    fake.rows.audit_events.length = 0;
    await append([3]);
    await loadAll();
    expect(fake.rows.audit_events.map(({ sequence }) => sequence)).toEqual([3]);
  });

  test('the clock steps back: no row is stored earlier than the one before, over a restart either', async () => {
    for (const [n, step] of [0, -3_600_000, -60_000, 7_200_000].entries()) {
      clock += step;
      await append([n]);
      await loadAll();
    }
    const times = fake.rows.audit_events.map((row) => row.stored_at.slice(11, 16));
    expect(times).toEqual(['12:00', '12:00', '12:00', '12:59']);
    expect(verified().findings).toEqual([]);
  });

  test('another sink of our name wrote at our place: nothing of ours is taken for stored', async () => {
    await append([1]);
    fake.store.insert = () => {
      fake.rows.audit_events.push({ sequence: 1, chain: 'theirs', stored_at: '' });
      return Promise.reject(new Error('connection reset'));
    };
    const told: unknown[] = [];
    const loader = load({ logger: { ...logger, error: (fields) => told.push((fields as { err?: unknown }).err) } });
    await until(() => told.length > 2);
    await loader.close();
    expect(told.at(-1)).toMatchObject({ code: 'ERR_STORE_CHANGED' });
    expect(spool.sizeAfter({ segment: 1, offset: 0 })).toBeGreaterThan(0);
    expect(existsSync(positionFile())).toBe(false);
  });

  describe('a line that the store does not take', () => {
    const poison = (n: number): string => eventLine(n, { message: 'poison' });
    test.each([
      { situation: 'one among others', poisoned: [2], of: [1, 2, 3, 4, 5] },
      { situation: 'several', poisoned: [1, 4, 5], of: [1, 2, 3, 4, 5] },
      { situation: 'alone', poisoned: [1], of: [1] },
      { situation: 'all of them', poisoned: [1, 2, 3], of: [1, 2, 3] },
    ])('$situation: a stub stands in its place, the rest is stored, and nothing waits', async ({ poisoned, of }) => {
      await append(of, (n) => (poisoned.includes(n) ? poison(n) : eventLine(n)));
      await append([9]);
      await loadAll();
      const rows = fake.rows.audit_events;
      expect(rows.map((row) => row['event_hash'])).toEqual([...of, 9].map((n) => n.toString(16).padStart(64, '0')));
      const stubs = rows.filter((row) => row.broken !== '');
      expect(stubs.map((row) => row.broken)).toEqual(
        poisoned.map(() => 'refused by the store: Code: 27. DB::Exception: Cannot parse input'),
      );
      expect(verified()).toMatchObject({ rows: of.length + 1, findings: [] });
      const kept = readdirSync(join(folder, 'refused')).map((name) =>
        readFileSync(join(folder, 'refused', name), 'utf8').trimEnd(),
      );
      expect(kept.sort()).toEqual(poisoned.map(poison).sort());
    });

    test('sent again, it is known', async () => {
      await append([1], poison);
      await loadAll();
      await append([1], poison);
      await loadAll();
      expect(fake.rows.audit_events.length).toBe(1);
    });

    test('a recording', async () => {
      const line = recordingLine(2).replace('"o","x"', '"o","poison"');
      await spool.append(toPayload({ table: 'recordings', lines: [recordingLine(1), line] }));
      await append([1]);
      await loadAll();
      expect(fake.rows.recordings.map((row) => row['frames'])).toEqual([
        [[0.1, 'o', 'x']],
        [[0, 'o', 'refused by the store: Code: 27. DB::Exception: Cannot parse input']],
      ]);
      expect(verified('recordings').findings).toEqual([]);
      expect(ids()).toEqual(['a-1']);
    });

    test('a refusal that no line explains is tried again, and nothing becomes a stub', async () => {
      await append([1, 2]);
      const { insert } = fake.store;
      let refusals = 3;
      fake.store.insert = (...args) =>
        (refusals -= 1) >= 0 ? Promise.reject(new Error('Code: 117. INCORRECT_DATA')) : insert(...args);
      const loader = load();
      await until(() => fake.rows.audit_events.length > 0);
      await loader.close();
      expect(fake.rows.audit_events.map((row) => row.broken)).toEqual(['', '']);
      expect(existsSync(join(folder, 'refused'))).toBe(false);
    });
  });

  test('a store that is down when we are told to stop keeps nothing from being loaded the next time', async () => {
    await append([1]);
    fake.faults.push('refused', 'refused', 'refused');
    await load({ retryDelaysMs: [60_000] }).close();
    fake.faults.length = 0;
    await loadAll();
    expect(ids()).toEqual(['a-1']);
  });

  describe('checkpoints', () => {
    const stated = (): unknown[] =>
      fake.checkpoints.map(({ sequence, stored_at, retention_days }) => [
        sequence,
        stored_at.slice(8, 10),
        retention_days,
      ]);

    test('are written at the end, and not again where nothing came', async () => {
      await append([1, 2]);
      await loadAll();
      await loadAll();
      expect(stated()).toEqual([[2, '04', 0]]);
      expect(fake.checkpoints[0]?.chain).toBe(fake.rows.audit_events[1]?.chain);
    });

    test('are written at the end of each day, before the next one’s first row', async () => {
      const loader = load();
      for (const n of [1, 2, 3]) {
        await append([n]);
        loader.wake();
        await until(() => fake.rows.audit_events.length === n);
        clock += 86_400_000;
      }
      expect(stated()).toEqual([
        [1, '04', 0],
        [2, '05', 0],
      ]);
    });

    test('a retention that changes is stated from today, and the old one up to the last row', async () => {
      await append([1]);
      await loadAll({ retentionDays: 2 });
      clock += 10 * 86_400_000;
      const now = (): number => clock;
      const options = { store: fake.store, sink: 's', retentionDays: 0, now, logger };
      const end = await fake.store.readEnd('audit_events');
      await createCheckpoints(options).stateRetention(end === undefined ? {} : { audit_events: end });
      expect(stated()).toEqual([
        [1, '04', 2],
        [1, '14', 0],
      ]);
      fake.rows.audit_events.length = 0;
      expect(verified().findings).toEqual([]);
    });

    test('are signed with the key, and say so to whoever has the public one', async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const file = join(folder, 'key.pem');
      writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await append([1]);
      await loadAll({ sign: createSigner(file) });
      const isSigned = (text: string, signature: string): boolean =>
        verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64'));
      const verifier = createChainVerifier({
        ...{ table: 'audit_events', sink: 's', checkpoints: fake.checkpoints, now: '', sha256, isSigned },
      });
      for (const row of fake.rows.audit_events) verifier.row(toChainedRow('audit_events', row));
      expect(verifier.end()).toMatchObject({ signed: 1, findings: [] });
    });

    test.each([
      { situation: 'no key at all', pem: 'secret text' },
      {
        situation: 'a key of another kind',
        pem: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      },
    ])('$situation is refused by the name of its file alone', ({ pem }) => {
      const file = join(folder, 'key.pem');
      writeFileSync(file, pem);
      expect(() => createSigner(file)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
      expect(() => createSigner(file)).not.toThrow('secret text');
    });
  });
});
