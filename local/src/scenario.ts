import { HoldpointError } from '@holdpoint/core';
import { inRepository } from './repository.ts';
import { manifestsIn, startStack, type Stack, type StackOptions } from './stack.ts';

/** A stack with the scenario's people, workloads and policy, ready when its pods run. */
export async function startScenario(options: Omit<StackOptions, 'manifests'> = {}): Promise<Stack> {
  const stack = await startStack({
    ...options,
    manifests: [
      ...manifestsIn('local', 'scenario'),
      inRepository('deploy', 'policies', 'production-with-approvals.yaml'),
    ],
  });
  // Closing kills the kubectl that waits.
  const giveUp = (): void => void stack.close();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const waits = [
      ['wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=30s'],
      ['rollout', 'status', 'deployment/web', '-n', 'prod', '--timeout=60s'],
    ];
    for (const args of waits) {
      const { code, stderr } = await stack.kubectl('admin', args);
      if (code !== 0) throw new HoldpointError('ERR_STACK_FAILED', `kubectl ${args.join(' ')}: ${stderr}`);
    }
    return stack;
  } catch (error) {
    await stack.close();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}
