import { enableCompileCache } from 'node:module';

// Most of a command's time is the compiling of its libraries: it is done once, and kept in the user's temporary folder.
enableCompileCache();
const { createKubeClient, createRawClient, loadKubeConfig } = await import('@holdpoint/platform');
const { createStyle } = await import('./output/style.ts');
const { createProgram, runProgram } = await import('./program.ts');

const stopping = new AbortController();
const endsBySignal = { SIGINT: 130, SIGTERM: 143 } as const;
for (const [signal, code] of Object.entries(endsBySignal)) {
  process.on(signal, () => {
    // The second one is for a command that does not listen.
    if (stopping.signal.aborted || !process.argv.includes('watch')) process.exit(code);
    stopping.abort();
  });
}
// Whoever reads us may have read enough (`approvals list | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const program = createProgram({
  // kubectl starts a plugin under its own file name.
  name: /kubectl-approvals/.test(process.env['HOLDPOINT_PROGRAM'] ?? process.argv[1] ?? '')
    ? 'kubectl approvals'
    : 'approvals',
  version: '0.1.0',
  signal: stopping.signal,
  context: (global) => {
    const config = () =>
      loadKubeConfig({
        ...(global.kubeconfig === undefined ? {} : { file: global.kubeconfig }),
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
      now: () => Date.now(),
    };
  },
});
process.exitCode = await runProgram(program, process.argv.slice(2), tell);
