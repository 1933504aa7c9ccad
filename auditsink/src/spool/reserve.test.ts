import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Logger } from '@holdpoint/platform';
import { createReserve } from './reserve.ts';

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-reserve-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const failing = (code: string) => {
  const file = join(folder, 'reserve');
  const state = { writes: 0 };
  return {
    state,
    // As a full disk does: there is room once the file is gone.
    write: (): void => {
      state.writes += 1;
      if (existsSync(file)) throw Object.assign(new Error(code), { code });
    },
  };
};

test('what finds no space is written in the room that was held back, which is then held back again', () => {
  const file = join(folder, 'reserve');
  const reserve = createReserve(file, logger);
  expect(statSync(file).blocks).toBeGreaterThan(0);
  const { state, write } = failing('ENOSPC');
  reserve.within(write);
  expect(state.writes).toBe(2);
  expect(existsSync(file)).toBe(false);
  reserve.restore();
  expect(statSync(file).size).toBe(4 * 1024 * 1024);
});

test('a disk that fails in another way keeps its room', () => {
  const file = join(folder, 'reserve');
  const reserve = createReserve(file, logger);
  const { state, write } = failing('EIO');
  expect(() => reserve.within(write)).toThrow('EIO');
  expect(state.writes).toBe(1);
  expect(existsSync(file)).toBe(true);
});
