import type { Service } from './supervisor.ts';

/**
 * Restarts replicas as a Deployment with `maxUnavailable: 0` does: SIGTERM to one, wait until it is gone, started again
 * and ready, and only then to the next.
 *
 * @throws HoldpointError ERR_STACK_FAILED when one does not get ready again; the ones after it are left running
 */
export async function restartOneByOne(services: readonly Service[]): Promise<void> {
  for (const service of services) {
    await service.stop();
    await service.start();
  }
}
