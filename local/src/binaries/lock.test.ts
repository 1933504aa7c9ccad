import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withLock } from './lock.ts';

describe('withLock', () => {
  let folder: string;
  let file: string;
  const never = new AbortController().signal;
  const noWait = (): void => {
    throw new Error('waited');
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-lock-'));
    file = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('free: held by us while the work runs, and free again after it', async () => {
    const seen = await withLock(file, noWait, async () => readFileSync(file, 'utf8'), never);
    expect(seen).toBe(String(process.pid));
    expect(existsSync(file)).toBe(false);
  });

  test('the work fails: free again, and the failure is the caller’s', async () => {
    const failing = withLock(file, noWait, () => Promise.reject(new Error('no space')), never);
    await expect(failing).rejects.toThrow('no space');
    expect(existsSync(file)).toBe(false);
  });

  test('its holder lives: says so once, and waits until it is given up', async () => {
    writeFileSync(file, String(process.pid));
    const abort = new AbortController();
    let waits = 0;
    const waiting = withLock(
      file,
      () => {
        waits += 1;
        abort.abort(new Error('given up'));
      },
      async () => 'worked',
      abort.signal,
    );
    await expect(waiting).rejects.toThrow('given up');
    expect(waits).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
  });

  const dead = String(spawnSync('true').pid);
  test.each([
    { situation: 'its holder was killed', content: dead, ageMs: 0 },
    { situation: 'its holder died before it wrote its number', content: '', ageMs: 60_000 },
  ])('$situation: taken over', async ({ content, ageMs }) => {
    writeFileSync(file, content);
    const at = new Date(Date.now() - ageMs);
    utimesSync(file, at, at);
    await expect(
      withLock(
        file,
        () => undefined,
        async () => 'worked',
        never,
      ),
    ).resolves.toBe('worked');
    expect(existsSync(file)).toBe(false);
  });
});
