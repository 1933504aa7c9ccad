import { readFileSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { Agent, get as httpsGet } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, sorted } from '../statistics.ts';
import { proxyArms, type ProxyArm } from './arms.ts';
import { benchNamespace } from './objects.ts';
import type { ProxyBench } from './start-arms.ts';

/** How much later than by a direct watch an event comes, in milliseconds. */
export interface WatchDelay {
  arm: ProxyArm;
  events: number;
  p50Ms: number;
  p99Ms: number;
}

const betweenWritesMs = 20;
const arriveWithinMs = 30_000;

/**
 * One Secret is written again and again; a watch in every arm, all open at once in this process, notes when each version
 * arrives. The difference between two arms is of the very same event.
 */
export async function measureWatchDelay(bench: ProxyBench, writes: number): Promise<WatchDelay[]> {
  const watches = await Promise.all(proxyArms.map(async (arm) => ({ arm, ...(await openWatch(bench, arm)) })));
  try {
    for (let i = 0; i < writes; i += 1) {
      // One kubectl a write would take longer than what is measured: the API server is asked through the admin's proxy.
      await patchWatched(bench, i);
      await sleep(betweenWritesMs);
    }
    const until = performance.now() + arriveWithinMs;
    while (watches.some(({ arrivals }) => arrivals.size < writes)) {
      if (performance.now() > until) throw new Error('a watch did not bring every event');
      await sleep(50);
    }
  } finally {
    for (const { close } of watches) close();
  }
  const direct = watches.find(({ arm }) => arm === 'direct')?.arrivals ?? new Map<string, number>();
  return watches
    .filter(({ arm }) => arm !== 'direct')
    .map(({ arm, arrivals }) => {
      const delays = sorted([...arrivals].map(([version, at]) => at - (direct.get(version) ?? NaN)));
      return { arm, events: delays.length, p50Ms: quantile(delays, 0.5), p99Ms: quantile(delays, 0.99) };
    });
}

interface OpenWatch {
  /** By resourceVersion. */
  arrivals: Map<string, number>;
  close(): void;
}

async function openWatch(bench: ProxyBench, arm: ProxyArm): Promise<OpenWatch> {
  const { url, token } = bench.arms[arm];
  // From version 0 a watch begins with an event of what is there: a proxy that says nothing before it has something to pass on
  // would otherwise keep us waiting for its answer's head until the first write.
  const query = 'watch=true&fieldSelector=metadata.name%3Dwatched&resourceVersion=0';
  const address = `${url}/api/v1/namespaces/${benchNamespace}/secrets?${query}`;
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const agent = new Agent({ ca: readFileSync(bench.stack.caFile) });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = url.startsWith('https:')
      ? httpsGet(address, { agent, headers }, resolve)
      : httpGet(address, { headers }, resolve);
    sent.on('error', reject);
  });
  const arrivals = new Map<string, number>();
  let pending = '';
  let begun = (): void => undefined;
  const isThere = new Promise<void>((resolve) => (begun = resolve));
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    const at = performance.now();
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const version = /"resourceVersion":"(\d+)"/.exec(line)?.[1];
      if (version !== undefined) arrivals.set(version, at);
    }
    if (arrivals.size > 0) begun();
  });
  answer.on('error', () => undefined);
  await isThere;
  arrivals.clear();
  return { arrivals, close: () => answer.destroy() };
}

async function patchWatched(bench: ProxyBench, value: number): Promise<void> {
  const answer = await fetch(`${bench.kubectlProxyUrl}/api/v1/namespaces/${benchNamespace}/secrets/watched`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ stringData: { value: `value-${String(value)}` } }),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the watched Secret could not be written: ${String(answer.status)}`);
}
