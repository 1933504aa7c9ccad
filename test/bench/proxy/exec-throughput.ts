import { spreadOf, type Spread } from '../statistics.ts';
import { benchNamespace } from './objects.ts';
import type { ProxyBench } from './start-arms.ts';

/** The ways for a terminal: the agent may only come through Holdpoint, so the others are the admin's. */
export type ExecArm = 'direct' | 'kubectl-proxy' | 'holdpoint';

export const execArms: readonly ExecArm[] = ['direct', 'kubectl-proxy', 'holdpoint'];

/** What one terminal printed a second. */
export interface ExecThroughput {
  arm: ExecArm;
  mebibytesPerSecond: Spread;
}

const mebibyte = 1_048_576;

/**
 * Has a pod print `mebibytes` of log lines, by real kubectl, in each arm, in turn. Holdpoint masks and records them: what it
 * prints is text, as a terminal's output is.
 *
 * @throws when a terminal does not print all of it
 */
export async function measureExec(
  bench: ProxyBench,
  { rounds, mebibytes }: { rounds: number; mebibytes: number },
): Promise<ExecThroughput[]> {
  const bytes = mebibytes * mebibyte;
  // No line like another, or what is remembered of texts would be measured.
  const line = '2026-01-01T00:00:00Z info handled the request path=/orders/%.0f status=200 duration=12ms';
  const command = ['sh', '-c', `seq -f '${line}' 1 inf | head -c ${String(bytes)}`];
  const exec = ['exec', '-n', benchNamespace, 'terminal', '--', ...command];
  const measured = new Map<ExecArm, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const arm of execArms) {
      const startedAt = performance.now();
      const { code, stdout, stderr } = await bench.stack.kubectl(
        arm === 'holdpoint' ? 'agent' : 'admin',
        arm === 'kubectl-proxy' ? ['--server', bench.kubectlProxyUrl, ...exec] : exec,
      );
      const seconds = (performance.now() - startedAt) / 1_000;
      if (code !== 0 || stdout.length !== bytes) {
        throw new Error(
          `${arm}: a terminal ended with ${String(code)} after ${String(stdout.length)} bytes: ${stderr}`,
        );
      }
      measured.set(arm, [...(measured.get(arm) ?? []), mebibytes / seconds]);
    }
  }
  return execArms.map((arm) => ({ arm, mebibytesPerSecond: spreadOf(measured.get(arm) ?? []) }));
}
