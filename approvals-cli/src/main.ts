import { messageOf } from '@holdpoint/core';
import { createKubeClient, loadKubeConfig } from '@holdpoint/platform';
import { createStyle } from './output/style.ts';
import { createProgram } from './program.ts';

const program = createProgram({
  // kubectl starts a plugin under its own file name.
  name: /kubectl-approvals/.test(process.env['HOLDPOINT_PROGRAM'] ?? process.argv[1] ?? '')
    ? 'kubectl approvals'
    : 'approvals',
  version: '0.1.0',
  context: (global) => ({
    kube: () =>
      createKubeClient(
        loadKubeConfig({
          ...(global.kubeconfig === undefined ? {} : { file: global.kubeconfig }),
          ...(global.context === undefined ? {} : { context: global.context }),
        }),
      ),
    style: createStyle(process.stdout.isTTY && process.env['NO_COLOR'] === undefined),
    print: (text) => process.stdout.write(`${text}\n`),
    write: (text) => process.stdout.write(text),
    now: () => Date.now(),
  }),
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`Error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
