import { relative } from 'node:path';
import type { Narrator } from '../narrator.ts';
import { runScenario } from '../run-scenario.ts';
import { publish } from './publish.ts';

/**
 * Brings a stack up and keeps it up until Ctrl-C. What others need is written to `folder`, last, when all is ready, and
 * is removed with the stack.
 *
 * @returns the exit code
 */
export async function keepUp({ folder, narrator }: { folder: string; narrator: Narrator }): Promise<number> {
  return await runScenario(narrator, async (stack, interrupted) => {
    publish(stack, folder);
    const shown = relative(process.env['INIT_CWD'] ?? process.cwd(), folder) || '.';
    narrator.title('Holdpoint is up. In another terminal:');
    narrator.say('as the agent (through the proxy):');
    narrator.output(`export PATH="${stack.dir}/bin:$PATH"\nexport KUBECONFIG=${shown}/agent.kubeconfig`);
    narrator.output(
      'kubectl get secrets -n prod -o yaml\nkubectl create configmap hello -n prod   # waits for an approval',
    );
    narrator.say('as an approver:');
    narrator.output(`export KUBECONFIG=${shown}/approver.kubeconfig\napprovals list\napprovals approve h-…`);
    narrator.say('as an auditor:');
    narrator.output(`${exportsOf(stack.auditorEnv)}\napprovals sessions`);
    narrator.say('Ctrl-C ends it, and leaves nothing behind.');
    await interrupted;
    narrator.say('… stopping');
    return 0;
  });
}

function exportsOf(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${value}`)
    .join('\n');
}
