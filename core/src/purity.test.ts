import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const core = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(core, '..', 'node_modules', 'typescript', 'bin', 'tsc');

// Whatever would let core do I/O, read a clock, or draw a number. Each line must fail to compile by itself.
const impure = [
  'process.env["HOME"];',
  'Buffer.from("x");',
  'new URL("https://x");',
  'setTimeout(() => undefined, 1);',
  'setInterval(() => undefined, 1);',
  'queueMicrotask(() => undefined);',
  'fetch("https://x");',
  'console.log("x");',
  'crypto.randomUUID();',
  'performance.now();',
  'new TextEncoder();',
  'structuredClone({});',
  'require("node:fs");',
  'await import("node:fs");',
  'globalThis.process;',
  'new AbortController();',
];
// What ES2023 itself has stays: were it not for these rows, a compiler that refused everything would pass.
const pure = [
  'JSON.stringify({});',
  'new Map<string, number>();',
  '[3, 1].toSorted();',
  'Promise.resolve(1);',
  '10n ** 3n;',
];

describe('core, compiled', () => {
  let folder = '';
  const messages = new Map<number, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdpoint-purity-'));
    const lines = [...impure, ...pure];
    await Promise.all(lines.map((line, i) => writeFile(join(folder, `line-${String(i)}.ts`), `${line}\nexport {};\n`)));
    const config = {
      extends: join(core, 'tsconfig.json'),
      compilerOptions: {
        composite: false,
        emitDeclarationOnly: false,
        noEmit: true,
        rootDir: folder,
        incremental: false,
        tsBuildInfoFile: null,
      },
      include: [folder],
      exclude: [],
    };
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const output = await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    for (const [, i, message] of output.matchAll(/line-(\d+)\.ts\(1,\d+\): (error TS\d+: .*)/g)) {
      messages.set(Number(i), message ?? '');
    }
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(impure.map((line, i) => ({ line, i })))('$line is refused', ({ i }) => {
    expect(messages.get(i)).toMatch(/^error TS(2304|2307|2580|2584|2591|7017): /);
  });

  test.each(pure.map((line, i) => ({ line, i: impure.length + i })))('$line is not', ({ i }) => {
    expect(messages.get(i)).toBeUndefined();
  });
});
