import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogReader, type LogReader } from './log-reader.ts';
import type { ScannedItem } from './scanned-item.ts';

let folder: string;
let log: string;
let reader: LogReader;
/** What is on disk. */
let spooled: string[];
/** Thrown by the next flush. */
let failure: Error | undefined;
let warnings: string[];

const silent = () => undefined;
const textOf = (item: ScannedItem): string =>
  item.type === 'Whole'
    ? item.bytes.toString('utf8')
    : `oversize ${String(item.length)} ${JSON.stringify(item.fields)}`;

function start(): void {
  let lines: string[] = [];
  reader = createLogReader({
    file: log,
    positionsFolder: join(folder, 'positions'),
    maxLineBytes: 1_000,
    toLine: textOf,
    batch: {
      add: (line) => void lines.push(line),
      isFull: () => lines.length >= 3,
      heldBytes: () => 0,
      flush() {
        const taken = lines;
        lines = [];
        const failed = failure;
        failure = undefined;
        if (failed !== undefined) return Promise.reject(failed);
        spooled.push(...taken);
        return Promise.resolve(taken.length);
      },
    },
    onTaken: silent,
    logger: { debug: silent, info: silent, warn: (_fields, message) => void warnings.push(message), error: silent },
  });
}
async function readAll(): Promise<void> {
  while (await reader.step());
}
/** What it has taken since it was last asked. */
async function taken(): Promise<string[]> {
  await readAll();
  return spooled.splice(0);
}
/** Ends as a crash does: the reader does nothing in the end that it does not do all along. */
async function restart(): Promise<void> {
  await reader.close();
  start();
}
const write = (...lines: string[]): void => appendFileSync(log, lines.map((line) => `${line}\n`).join(''));
/** Rotated files are ordered by their last change, which may fall into the same tick of the clock here. */
const changedAt = (path: string, seconds: number): void => utimesSync(path, seconds, seconds);
const rotateTo = (name: string, seconds: number): string => {
  changedAt(log, seconds);
  renameSync(log, join(folder, name));
  return join(folder, name);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-log-'));
  log = join(folder, 'audit.log');
  spooled = [];
  failure = undefined;
  warnings = [];
  start();
});
afterEach(async () => {
  await reader.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('lines are taken once, in their order', () => {
  test('a file that is not there yet is waited for', async () => {
    expect(await taken()).toEqual([]);
    write('1', '2');
    expect(await taken()).toEqual(['1', '2']);
    expect(await taken()).toEqual([]);
    write('3');
    expect(await taken()).toEqual(['3']);
  });

  test('a line that is half written is waited for, across a restart too', async () => {
    write('1');
    appendFileSync(log, 'ha');
    expect(await taken()).toEqual(['1']);
    appendFileSync(log, 'l');
    await restart();
    expect(await taken()).toEqual([]);
    appendFileSync(log, 'f\n');
    expect(await taken()).toEqual(['half']);
  });

  test('empty lines are none', async () => {
    write('', '1', '', '');
    expect(await taken()).toEqual(['1']);
    await restart();
    write('2');
    expect(await taken()).toEqual(['2']);
  });

  test('a line that is too long is a stub, and those after it are whole', async () => {
    const long = `{"auditID":"a","requestObject":"${'x'.repeat(3_000_000)}"}`;
    write('1', long, '2');
    expect(await taken()).toEqual(['1', `oversize ${String(long.length)} {"auditID":"a"}`, '2']);
  });

  test('more than is read at a time', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `line ${String(i)} ${'x'.repeat(100)}`);
    write(...lines);
    expect(await taken()).toEqual(lines);
  });

  test('a restart goes on where it was', async () => {
    write('1', '2');
    await taken();
    await restart();
    write('3');
    expect(await taken()).toEqual(['3']);
  });

  test('what the spool did not take is taken again, and nothing else', async () => {
    write('1', '2');
    await taken();
    write('3');
    failure = new Error('the disk is full');
    await expect(readAll()).rejects.toThrow('the disk is full');
    write('4');
    expect(await taken()).toEqual(['3', '4']);
  });

  test('killed after the spool took it and before the place was written: it is taken again', async () => {
    write('1', '2', '3', '4');
    expect(await taken()).toEqual(['1', '2', '3', '4']);
    rmSync(join(folder, 'positions'), { recursive: true });
    await restart();
    expect(await taken()).toEqual(['1', '2', '3', '4']);
  });

  test('a place that cannot be read is none: it is all taken again', async () => {
    write('1');
    await taken();
    const [name = ''] = readdirSync(join(folder, 'positions'));
    writeFileSync(join(folder, 'positions', name), '{"inode":');
    await restart();
    expect(await taken()).toEqual(['1']);
  });
});

describe('rotation by renaming, as the API server does it', () => {
  test('what was written before the rename, and what comes after, to the old file and the new', async () => {
    write('1');
    await taken();
    write('2');
    const old = rotateTo('audit-2026-05-04T10-11-12.345.log', 1_000);
    expect(await taken()).toEqual(['2']);
    appendFileSync(old, '3\n');
    changedAt(old, 1_001);
    expect(await taken()).toEqual(['3']);
    write('4');
    expect(await taken()).toEqual(['4']);
  });

  test('a last line without an end is taken when nothing can follow', async () => {
    write('1');
    appendFileSync(log, '2');
    await taken();
    rotateTo('audit-2026-05-04T10-11-12.345.log', 1_000);
    write('3');
    expect(await taken()).toEqual(['2', '3']);
  });

  test.each(['audit-2026-05-04T10-11-12.345.log', 'audit.log.1', 'audit.log-20260504'])(
    'rotated to %s while nobody followed',
    async (name) => {
      write('1');
      await taken();
      await reader.close();
      write('2');
      rotateTo(name, 1_000);
      write('3');
      start();
      expect(await taken()).toEqual(['2', '3']);
    },
  );

  test('rotated several times while nobody followed', async () => {
    write('0');
    rotateTo('audit-2026-05-04T10-11-12.000.log', 500);
    write('1');
    await taken();
    spooled = [];
    await reader.close();
    write('2');
    rotateTo('audit-2026-05-04T10-11-12.001.log', 1_000);
    write('3');
    rotateTo('audit-2026-05-04T10-11-12.002.log', 2_000);
    write('4');
    rotateTo('audit-2026-05-04T10-11-12.003.log', 3_000);
    write('5');
    start();
    expect(await taken()).toEqual(['2', '3', '4', '5']);
  });

  test.each(['audit-other.log', 'audit.log.gz', 'audit.log.1.gz', 'audit.log.bak', 'other.log.1', 'audit-2026.log'])(
    'another file beside it is not taken for its past: %s',
    async (name) => {
      write('1');
      await taken();
      rotateTo('audit.log.2', 1_000);
      writeFileSync(join(folder, name), 'another\n');
      write('2');
      expect(await taken()).toEqual(['2']);
    },
  );

  test('rotated away and gone', async () => {
    write('1');
    await taken();
    await reader.close();
    unlinkSync(log);
    // An inode of its own, lest the file system hands out the old one again.
    writeFileSync(join(folder, 'other'), '');
    write('2');
    start();
    expect(await taken()).toEqual(['2']);
    expect(warnings).toEqual(['audit log taken anew']);
  });
});

describe('rotation by copying and truncating, as logrotate does it', () => {
  test('what is written to the emptied file is taken', async () => {
    write('first', 'second');
    await taken();
    copyFileSync(log, join(folder, 'audit.log.1'));
    truncateSync(log);
    write('3');
    expect(await taken()).toEqual(['3']);
  });

  test('what had not been read before the file was emptied is found in the copy', async () => {
    write('first');
    await taken();
    write('second');
    copyFileSync(log, join(folder, 'audit.log.1'));
    truncateSync(log);
    write('3');
    expect(await taken()).toEqual(['second', '3']);
  });

  test('emptied and written to until it is longer than before, while nobody followed', async () => {
    write('first');
    await taken();
    await reader.close();
    write('second');
    copyFileSync(log, join(folder, 'audit.log.1'));
    truncateSync(log);
    write('a longer line', 'than there was');
    start();
    expect(await taken()).toEqual(['second', 'a longer line', 'than there was']);
  });

  test('emptied without a copy', async () => {
    write('first', 'second');
    await taken();
    truncateSync(log);
    expect(await taken()).toEqual([]);
    write('3');
    expect(await taken()).toEqual(['3']);
  });
});
