import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { delimiter } from 'node:path';

// Most of a command's time is the compiling of its libraries: it is done once, and kept in the user's temporary folder.
enableCompileCache();
const { bearerTokenOf, createKubeClient, createRawClient, loadKubeConfig } = await import('@holdpoint/platform');
const { createStyle } = await import('./output/style.ts');
const { createProgram, runProgram } = await import('./program.ts');

const stopping = new AbortController();
/** What runs until it is told to stop. */
const given = (...words: string[]): boolean => words.some((word) => process.argv.includes(word));
const listens = given('watch') || (given('replay') && given('-f', '--follow'));
const endsBySignal = { SIGINT: 130, SIGTERM: 143 } as const;
for (const [signal, code] of Object.entries(endsBySignal)) {
  process.on(signal, () => {
    // The second one is for a command that does not listen.
    if (stopping.signal.aborted || !listens) process.exit(code);
    stopping.abort();
  });
}
// Whoever reads us may have read enough (`approvals list | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

/** Read by our own loader, which knows a user's token file; a list of files is merged by the library's. */
const oneFile = (list: string | undefined): string | undefined =>
  list !== undefined && list !== '' && !list.includes(delimiter) && existsSync(list) ? list : undefined;
const tell = (text: string): void => void process.stderr.write(`${text}\n`);
// kubectl starts a plugin under its own file name.
const name = /kubectl-approvals/.test(process.env['HOLDPOINT_PROGRAM'] ?? process.argv[1] ?? '')
  ? 'kubectl approvals'
  : 'approvals';
const program = createProgram({
  name,
  version: '0.1.0',
  signal: stopping.signal,
  context: (global) => {
    const file = global.kubeconfig ?? oneFile(process.env['KUBECONFIG']);
    const config = () =>
      loadKubeConfig({
        ...(file === undefined ? {} : { file }),
        ...(global.context === undefined ? {} : { context: global.context }),
      });
    return {
      kube: () => createKubeClient(config()),
      raw: () => createRawClient(config()),
      style: createStyle(process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === ''),
      ...(process.stdout.isTTY ? { columns: process.stdout.columns } : {}),
      print: (text) => process.stdout.write(`${text}\n`),
      write: (text) => process.stdout.write(text),
      warn: tell,
      bearerToken: () => bearerTokenOf(config()),
      writeAll: (text) =>
        process.stdout.write(text)
          ? Promise.resolve()
          : new Promise((resolve) => process.stdout.once('drain', () => resolve())),
      isTerminal: process.stdout.isTTY === true,
      readStdin: () => readFileSync(0, 'utf8'),
      now: () => Date.now(),
      env: process.env,
      homeFolder: homedir(),
      program: name,
    };
  },
});
process.exitCode = await runProgram(program, process.argv.slice(2), tell);
