import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockDataDir } from './data-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is one’s alone until it is released', () => {
  const lock = lockDataDir(folder);
  expect(() => lockDataDir(folder)).toThrow(
    expect.objectContaining({ code: 'ERR_DATA_DIR_IN_USE', message: expect.stringContaining(String(process.pid)) }),
  );
  expect(() => lockDataDir(folder)).toThrow(folder);
  lock.release();
  lockDataDir(folder).release();
});

test('a folder that is not there yet is made', () => {
  lockDataDir(join(folder, 'a', 'b')).release();
});

test('the lock of a process that was killed is gone with it', async () => {
  const module = join(import.meta.dirname, 'data-lock.ts');
  const program = `import { lockDataDir } from ${JSON.stringify(module)}; lockDataDir(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(holder.stdout, 'data');
    expect(() => lockDataDir(folder)).toThrow(`process ${String(holder.pid)} `);
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  lockDataDir(folder).release();
}, 60_000);
