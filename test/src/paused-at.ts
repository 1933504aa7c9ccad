import type { Service, Stack } from '@holdpoint/local';
import { eventually } from './eventually.ts';
import { metricIn, metricsText } from './metrics-text.ts';

/** How many requests wait at a replica of the proxy now. Rejects while it does not run. */
export async function pausedAt(stack: Stack, service: Service): Promise<number> {
  return metricIn(await metricsText(service.url, stack.caFile), 'holdpoint_proxy_pauses_open');
}

/** The replica at which one request waits now, but for one that is not meant. */
export function replicaThatPauses(stack: Stack, but?: Service): Promise<Service> {
  return eventually('one is paused', async () => {
    for (const service of stack.proxies) {
      if (service !== but && (await pausedAt(stack, service).catch(() => 0)) === 1) return service;
    }
    return undefined;
  });
}
