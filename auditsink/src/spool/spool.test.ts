import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Logger } from '@holdpoint/platform';
import { frameRecord } from './record.ts';
import type { SegmentFile } from './segment-file.ts';
import { openSpool, type Spool, type SpoolOptions, type SpoolPosition } from './spool.ts';

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const beginning: SpoolPosition = { segment: 1, offset: 0 };

describe('spool', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-spool-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const opened = (more: Partial<SpoolOptions> = {}): Promise<Spool> =>
    openSpool({ folder, maxBytes: 1_000_000, logger, ...more });
  const all = async (spool: Spool, from = beginning): Promise<string[]> => {
    const texts: string[] = [];
    for (let at = from; ;) {
      const batch = await spool.read(at, 3);
      if (batch === undefined) return texts;
      texts.push(...batch.payloads.map((payload) => payload.toString('utf8')));
      at = batch.end;
    }
  };
  const files = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.spool'));

  test('what was appended is read in order, and again after a restart', async () => {
    const spool = await opened();
    for (const text of ['one', 'two', 'three', 'four']) await spool.append(Buffer.from(text));
    expect(await all(spool)).toEqual(['one', 'two', 'three', 'four']);
    await spool.close();
    const again = await opened();
    await again.append(Buffer.from('five'));
    expect(await all(again)).toEqual(['one', 'two', 'three', 'four', 'five']);
    await again.close();
  });

  test('segments turn over by size, and go once they are loaded', async () => {
    const spool = await opened({ maxSegmentBytes: 30 });
    for (let i = 0; i < 10; i += 1) await spool.append(Buffer.from(`record-${String(i)}`));
    expect(files().length).toBeGreaterThan(2);
    expect(await all(spool)).toEqual(Array.from({ length: 10 }, (_, i) => `record-${String(i)}`));
    const before = spool.size();
    const last = Number(files().at(-1)?.slice(0, 12));
    spool.forgetBefore({ segment: last, offset: 0 });
    expect(files().map((name) => Number(name.slice(0, 12)))).toEqual([last]);
    expect(spool.size()).toBeLessThan(before);
    expect(spool.size()).toBe(files().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0));
    await spool.close();
  });

  test('a record longer than is read at a time is read as a whole', async () => {
    const spool = await opened({ maxBytes: 100_000_000 });
    const long = 'x'.repeat(20_000_000);
    await spool.append(Buffer.from('before'));
    await spool.append(Buffer.from(long));
    await spool.append(Buffer.from('after'));
    const read = await all(spool);
    expect(read.map((text) => text.length)).toEqual([6, long.length, 5]);
    await spool.close();
  });

  test('full: what does not fit is refused, and what was promised before still fits', async () => {
    const spool = await opened({ maxBytes: 3 * frameRecord(Buffer.alloc(30)).length });
    const tries = Array.from({ length: 8 }, () => spool.append(Buffer.alloc(30, 'x')));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(3).fill('fulfilled'), ...Array(5).fill('rejected')]);
    await expect(spool.append(Buffer.alloc(30))).rejects.toMatchObject({ code: 'ERR_SPOOL_FULL' });
    expect((await all(spool)).length).toBe(3);
    await spool.close();
  });

  test('damage in a closed segment stops the reader there, by name', async () => {
    const spool = await opened({ maxSegmentBytes: 1 });
    for (const text of ['one', 'two', 'three']) await spool.append(Buffer.from(text));
    const file = join(folder, '000000000002.spool');
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
    writeFileSync(file, bytes);
    await expect(spool.read({ segment: 2, offset: 0 }, 10)).rejects.toMatchObject({
      code: 'ERR_SPOOL_CORRUPT',
      details: { file, offset: 0 },
    });
    await spool.close();
  });

  test('what is not on disk yet is not read', async () => {
    const spool = await opened();
    await spool.append(Buffer.from('one'));
    appendFileSync(join(folder, '000000000001.spool'), frameRecord(Buffer.from('not acknowledged')));
    expect(await all(spool)).toEqual(['one']);
    await spool.close();
  });

  /** The real file, with a fault in front and a count behind. */
  const faulty = (fault: (call: 'open' | 'write' | 'datasync' | 'truncate') => void, calls = { datasync: 0 }) => ({
    calls,
    openFile: async (_folder: string, file: string): Promise<SegmentFile> => {
      fault('open');
      const handle = await open(file, statSync(file, { throwIfNoEntry: false }) === undefined ? 'w+' : 'r+');
      return {
        write: (async (buffer: Buffer, offset: number, length: number, position: number) => {
          // Half of it gets there, as on a disk that fills up on the way.
          const done = await handle.write(buffer, offset, Math.ceil(length / 2), position);
          fault('write');
          return done;
        }) as SegmentFile['write'],
        datasync: async () => {
          calls.datasync += 1;
          fault('datasync');
          await handle.datasync();
        },
        truncate: async (length) => {
          fault('truncate');
          await handle.truncate(length);
        },
        close: () => handle.close(),
      };
    },
  });

  test('no space for the next segment: refused until there is, and then taken again by itself', async () => {
    let full = false;
    const { openFile } = faulty((call) => {
      if (full && call === 'open') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    });
    const spool = await opened({ openFile, maxSegmentBytes: 1 });
    await spool.append(Buffer.from('one'));
    full = true;
    for (let i = 0; i < 3; i += 1) {
      await expect(spool.append(Buffer.from('two'))).rejects.toMatchObject({ code: 'ERR_SPOOL_FULL' });
    }
    full = false;
    await spool.append(Buffer.from('three'));
    expect(await all(spool)).toEqual(['one', 'three']);
    await spool.close();
  });

  test('a disk that its one segment has filled has room again once that is loaded', async () => {
    const room = 100;
    const { openFile } = faulty((call) => {
      const used = files().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
      if (call === 'write' && used > room) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    });
    const spool = await opened({ openFile });
    await spool.append(Buffer.alloc(60, 'x'));
    for (let i = 0; i < 3; i += 1) {
      await expect(spool.append(Buffer.alloc(90, 'y'))).rejects.toMatchObject({ code: 'ERR_SPOOL_FULL' });
    }
    const batch = await spool.read(beginning, 10);
    spool.forgetBefore(batch?.end ?? beginning);
    expect(spool.size()).toBe(0);
    await spool.append(Buffer.alloc(90, 'z'));
    expect(await all(spool, batch?.end)).toEqual(['z'.repeat(90)]);
    await spool.close();
  });

  test('what waits for a slow disk is bounded, but for a record that comes alone', async () => {
    const spool = await opened({ maxWaitingBytes: 100 });
    const outcomes = await Promise.allSettled([200, 1, 1].map((length) => spool.append(Buffer.alloc(length, 'x'))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await spool.append(Buffer.alloc(1, 'x'));
    expect((await all(spool)).length).toBe(2);
    await spool.close();
  });

  test('many appends share one fsync, and none is acknowledged before it', async () => {
    const { calls, openFile } = faulty(nothing);
    const spool = await opened({ openFile });
    await Promise.all(Array.from({ length: 100 }, (_, i) => spool.append(Buffer.from(`r-${String(i)}`))));
    expect(calls.datasync).toBeLessThanOrEqual(3);
    expect((await all(spool)).length).toBe(100);
    await spool.close();
  });

  test.each([
    { situation: 'no space left on the device', code: 'ENOSPC', at: 'write', want: 'ERR_SPOOL_FULL' },
    { situation: 'a quota used up', code: 'EDQUOT', at: 'write', want: 'ERR_SPOOL_FULL' },
    { situation: 'a disk that fails to sync', code: 'EIO', at: 'datasync', want: 'EIO' },
    { situation: 'no space, found out by the sync', code: 'ENOSPC', at: 'datasync', want: 'ERR_SPOOL_FULL' },
    { situation: 'a disk that fails to write', code: 'EIO', at: 'write', want: 'EIO' },
    {
      situation: 'no space, and no way to take back what was written',
      code: 'ENOSPC',
      at: 'write, truncate',
      want: 'ERR_SPOOL_FULL',
    },
    { situation: 'a disk that fails at everything', code: 'EIO', at: 'open, write, datasync, truncate', want: 'EIO' },
  ])(
    '$situation: nothing is acknowledged, nothing is left behind, and the next append works',
    async ({ code, at, want }) => {
      let failing = false;
      const { openFile } = faulty((call) => {
        if (failing && at.split(', ').includes(call)) throw Object.assign(new Error(code), { code });
      });
      const spool = await opened({ openFile });
      await spool.append(Buffer.from('before'));
      failing = true;
      const long = Buffer.from('a group that is much longer than the one that is written over it'.repeat(10));
      const refused = await Promise.allSettled([spool.append(long), spool.append(Buffer.from('and another'))]);
      expect(refused).toMatchObject([{ reason: { code: want } }, { reason: { code: want } }]);
      failing = false;
      await spool.append(Buffer.from('after'));
      expect(await all(spool)).toEqual(['before', 'after']);
      await spool.close();
      const again = await opened();
      expect(await all(again)).toEqual(['before', 'after']);
      await again.close();
    },
  );
});
