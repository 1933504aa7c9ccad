import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Logger } from '@holdpoint/platform';
import { frameRecord, readRecord } from './record.ts';
import { recoverSegment } from './recover.ts';

const logged: string[] = [];
const note = (_fields: object, message: string): void => void logged.push(message);
const logger: Logger = { debug: note, info: note, warn: note, error: note };

const first = frameRecord(Buffer.from('{"first":1}'));
const second = frameRecord(Buffer.from('{"second":2}'));
const third = frameRecord(Buffer.from('{"third":3}'));

describe('readRecord', () => {
  test('reads back what was framed, whatever is in it', () => {
    for (const text of ['x', 'ä😀', '\0'.repeat(1000)]) {
      const framed = frameRecord(Buffer.from(text));
      expect(readRecord(framed, 0)).toMatchObject({ type: 'Record', payload: Buffer.from(text), end: framed.length });
      expect(readRecord(framed, framed.length)).toEqual({ type: 'End' });
    }
  });

  test('one flipped bit anywhere is found', () => {
    for (let at = 0; at < first.length * 8; at += 1) {
      const damaged = Buffer.from(first);
      damaged.writeUInt8(damaged.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      expect(readRecord(damaged, 0).type).toBe('Broken');
    }
  });
});

describe('recoverSegment', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-recover-'));
    file = join(folder, '000000000001.spool');
    logged.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const kept = (): string[] => readdirSync(folder).filter((name) => name.includes('.corrupt'));

  test('a whole segment is left as it is', () => {
    writeFileSync(file, Buffer.concat([first, second]));
    expect(recoverSegment(file, logger)).toBe(first.length + second.length);
    expect(kept()).toEqual([]);
    expect(logged).toEqual([]);
  });

  test('torn at any byte of the last record: what precedes it stays, and the torn bytes are kept aside', () => {
    for (let torn = 1; torn < second.length; torn += 1) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      writeFileSync(file, Buffer.concat([first, second.subarray(0, torn)]));
      expect(recoverSegment(file, logger)).toBe(first.length);
      expect(readFileSync(file)).toEqual(first);
      const [aside = ''] = kept();
      expect(readFileSync(join(folder, aside))).toEqual(second.subarray(0, torn));
    }
    expect(new Set(logged)).toEqual(new Set(['torn spool tail cut off']));
  });

  test.each([
    { situation: 'of zeros, as a file system leaves it', tail: Buffer.alloc(100) },
    { situation: 'shorter than a head', tail: Buffer.from([1, 2, 3]) },
    { situation: 'of text', tail: Buffer.from('{"kind":"Event"}'.repeat(10)) },
    { situation: 'with an impossible length', tail: Buffer.alloc(64, 0xff) },
    { situation: 'whose checksum is wrong', tail: Buffer.concat([second.subarray(0, -1), Buffer.from('!')]) },
  ])('a tail $situation is cut off', ({ tail }) => {
    writeFileSync(file, Buffer.concat([first, tail]));
    expect(recoverSegment(file, logger)).toBe(first.length);
    expect(readFileSync(file)).toEqual(first);
  });

  test('damage anywhere before a whole record is no crash: file and offset are named, nothing is cut off', () => {
    const whole = Buffer.concat([first, second, third]);
    for (let at = first.length; at < first.length + second.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
      writeFileSync(file, damaged);
      expect(() => recoverSegment(file, logger)).toThrow(
        expect.objectContaining({ code: 'ERR_SPOOL_CORRUPT', details: { file, offset: first.length } }),
      );
      expect(readFileSync(file)).toEqual(damaged);
    }
    expect(kept()).toEqual([]);
  });
});
