import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { emptyRow, toRowLine, type AuditRow } from '@holdpoint/core';
import type { ClickHouse, Logger } from '@holdpoint/platform';
import { openSpool, type Spool } from '../spool/spool.ts';
import { toPayload } from '../spool/spooled.ts';
import { createAuditStore } from './audit-store.ts';
import { createLoader } from './loader.ts';

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

interface StoredRow extends AuditRow {
  sequence: number;
  chain: string;
}

/**
 * A ClickHouse that keeps `audit_events` in a list and knows the statements that the store makes. That the real one
 * answers these statements so is what test/e2e/auditsink.test.ts shows.
 */
function fakeClickHouse(rows: StoredRow[] = []) {
  const faults: { before?: Error; after?: Error } = {};
  const inserts: number[] = [];
  const clickHouse: ClickHouse = {
    command: () => Promise.resolve(),
    insert(_table, lines) {
      const { before, after } = faults;
      delete faults.before;
      delete faults.after;
      if (before !== undefined) return Promise.reject(before);
      const parsed = lines.split('\n').map((line) => JSON.parse(line) as StoredRow);
      rows.push(...parsed);
      inserts.push(parsed.length);
      return after === undefined ? Promise.resolve() : Promise.reject(after);
    },
    query<Row>(statement: string) {
      if (statement.includes('event_hash IN')) {
        // 256 KiB is what a real one parses by default.
        if (statement.length > 262_144) return Promise.reject(new Error('Max query size exceeded'));
        const asked = new Set([...statement.matchAll(/'([0-9a-f]{64})'/g)].map(([, hash]) => hash));
        const found = rows.filter((row) => asked.has(row.event_hash)).map((row) => ({ hash: row.event_hash }));
        return Promise.resolve(found as Row[]);
      }
      const last = rows.toSorted((a, b) => b.sequence - a.sequence)[0];
      return Promise.resolve(
        (last === undefined ? [] : [{ sequence: String(last.sequence), chain: last.chain }]) as Row[],
      );
    },
    close: () => Promise.resolve(),
  };
  return { clickHouse, rows, inserts, faults };
}

function rowOf(n: number): AuditRow {
  const time = '2026-05-04 10:11:12.000000';
  return {
    ...emptyRow,
    event_time: time,
    stage_time: time,
    audit_id: `a-${String(n)}`,
    event_hash: n.toString(16).padStart(64, '0'),
  };
}

describe('loader', () => {
  let folder: string;
  let spool: Spool;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-loader-'));
    spool = await openSpool({ folder, maxBytes: 100_000_000, logger });
  });
  afterEach(async () => {
    await spool.close();
    rmSync(folder, { recursive: true });
  });
  const append = (numbers: readonly number[]): Promise<void> =>
    spool.append(toPayload({ table: 'audit_events', lines: numbers.map((n) => toRowLine(rowOf(n))) }));
  const positionFile = (): string => join(folder, 'position.json');
  const load = (clickHouse: ClickHouse) => createLoader(spool, createAuditStore(clickHouse), positionFile(), logger);
  const ids = (rows: readonly StoredRow[]): string[] => rows.map((row) => row.audit_id);
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 400 && !condition(); i += 1) await sleep(10);
  };

  test('what is in the spool reaches the store, in order and numbered, and then leaves the spool', async () => {
    const { clickHouse, rows } = fakeClickHouse();
    await append([1, 2]);
    await append([3]);
    const loader = load(clickHouse);
    await loader.close();
    expect(ids(rows)).toEqual(['a-1', 'a-2', 'a-3']);
    expect(rows.map((row) => row.sequence)).toEqual([1, 2, 3]);
    expect(new Set(rows.map((row) => row.chain)).size).toBe(3);
  });

  test('a batch that is sent again, within one load or a later one, is stored once', async () => {
    const { clickHouse, rows } = fakeClickHouse();
    await append([1, 2]);
    await append([2, 1]);
    await load(clickHouse).close();
    await append([1, 2, 3]);
    await load(clickHouse).close();
    expect(ids(rows)).toEqual(['a-1', 'a-2', 'a-3']);
  });

  test('killed between the insert and the note of it: loaded again, stored once, the chain goes on', async () => {
    const { clickHouse, rows } = fakeClickHouse();
    await append([1, 2]);
    await load(clickHouse).close();
    rmSync(positionFile()); // As if the note had never reached the disk.
    await append([3]);
    await load(clickHouse).close();
    expect(ids(rows)).toEqual(['a-1', 'a-2', 'a-3']);
    expect(rows.map((row) => row.sequence)).toEqual([1, 2, 3]);
  });

  test.each([
    { situation: 'an insert that fails', fault: 'before' as const },
    { situation: 'an insert that happens although it fails', fault: 'after' as const },
  ])('$situation is tried again, and nothing is lost, doubled or numbered twice', async ({ fault }) => {
    const { clickHouse, rows, faults } = fakeClickHouse();
    faults[fault] = new Error('connection reset');
    await append([1, 2]);
    const loader = load(clickHouse);
    await until(() => rows.length > 0 && faults[fault] === undefined);
    await append([3]);
    loader.wake();
    await until(() => rows.length >= 3);
    await loader.close();
    expect(ids(rows)).toEqual(['a-1', 'a-2', 'a-3']);
    expect(rows.map((row) => row.sequence)).toEqual([1, 2, 3]);
  });

  test('a batch whose hashes are longer than a statement may be', async () => {
    const { clickHouse, rows } = fakeClickHouse();
    const numbers = Array.from({ length: 10_000 }, (_, i) => i);
    await append(numbers);
    await append(numbers);
    await load(clickHouse).close();
    expect(rows.length).toBe(10_000);
    expect(new Set(ids(rows)).size).toBe(10_000);
  });

  test('a store that is down when we are told to stop keeps nothing from being loaded the next time', async () => {
    const down = fakeClickHouse();
    down.faults.before = new Error('down');
    await append([1]);
    const loader = load({ ...down.clickHouse, insert: () => Promise.reject(new Error('down')) });
    await loader.close();
    const { clickHouse, rows } = fakeClickHouse();
    await load(clickHouse).close();
    expect(ids(rows)).toEqual(['a-1']);
  });
});
