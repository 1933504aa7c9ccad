import { startLoad, type Call, type Load } from '../load/load.ts';
import { usageOf, watchForeignShare } from '../load/process-usage.ts';
import { createRandom, interleaved } from '../load/rounds.ts';
import { sum } from '../statistics.ts';
import { proxyArms, type ProxyArm } from './arms.ts';
import { benchNamespace, listSizes, secretsNamespaceOf } from './objects.ts';
import type { ProxyBench } from './start-arms.ts';

/** What is asked for: of a kind that passes unread, of kinds that are searched, and of what is masked by its place. */
export const reads: readonly Call[] = [
  get('GET, unmasked', `/api/v1/namespaces/${benchNamespace}/serviceaccounts/default`),
  get('GET, nothing found', `/api/v1/namespaces/${benchNamespace}/services/web`),
  get('GET, a text searched', `/api/v1/namespaces/${benchNamespace}/configmaps/settings`),
  get('GET, a Secret', `/api/v1/namespaces/${benchNamespace}/secrets/single`),
  ...listSizes.map((size) =>
    get(`LIST of ${String(size)} Secrets`, `/api/v1/namespaces/${secretsNamespaceOf(size)}/secrets`),
  ),
];

/** So that a slot does not count what its predecessor left to do, nor its own connections' handshakes. */
const slotWarmUpMs = 200;
/**
 * Of each read in each arm. V8 compiles what runs often, in several steps, on threads whose time counts as the proxy's: a GET costs
 * half as much after some 15,000 as in the first thousands, and a proxy serves for longer than that.
 */
const warmUp = { clients: 16, durationMs: 5_000 };

/** What is compared like with like. */
export interface ReadCell {
  read: string;
  clients: number;
}

/** One arm's turn in one round of one cell. */
export interface ReadSlot extends ReadCell {
  arm: ProxyArm;
  round: number;
  latenciesMs: readonly number[];
  elapsedMs: number;
  /** CPU time from the slot's start to its end, its warm-up included. 0 where nothing stands in between. */
  cpuMs: { proxy: number; apiServer: number };
  /** Answers in the same time as `cpuMs`. */
  answers: number;
  /** The clients' process, as a share of one core. */
  loadShare: number;
}

/** Memory of each proxy at its most, bytes. */
export type PeakMemory = Partial<Record<ProxyArm, number>>;

/**
 * Has the same reads made in every arm; every cell in every round, and within it the arms in random order.
 *
 * @throws when a read is answered otherwise than 200
 */
export async function measureReads(input: {
  bench: ProxyBench;
  calls: readonly Call[];
  clientCounts: readonly number[];
  rounds: number;
  secondsPerSlot: number;
  seed: number;
  onProgress: (text: string) => void;
}): Promise<{ slots: ReadSlot[]; peakRssBytes: PeakMemory; foreignShare: number }> {
  const { bench, calls, clientCounts, rounds, onProgress } = input;
  const load = startLoad();
  const random = createRandom(input.seed);
  const cells = calls.flatMap((call) => clientCounts.map((clients) => ({ call, clients })));
  const slots: ReadSlot[] = [];
  try {
    onProgress('warming up');
    for (const call of calls) {
      for (const arm of proxyArms) await runSlot(bench, load, { call, arm, round: -1, ...warmUp });
    }
    const orders = cells.map(() => interleaved(proxyArms, rounds, random));
    const foreignShareUntilNow = watchForeignShare([process.pid, load.pid, ...bench.pids]);
    for (let round = 0; round < rounds; round += 1) {
      for (const [i, { call, clients }] of cells.entries()) {
        onProgress(`round ${String(round + 1)} of ${String(rounds)}: ${call.name}, ${String(clients)} clients`);
        for (const arm of orders[i]?.[round] ?? []) {
          slots.push(
            await runSlot(bench, load, { call, clients, arm, round, durationMs: input.secondsPerSlot * 1_000 }),
          );
        }
      }
    }
    const peakRssBytes: PeakMemory = {};
    for (const arm of proxyArms) {
      const { pid } = bench.arms[arm];
      if (pid !== undefined) peakRssBytes[arm] = usageOf(pid).peakRssBytes;
    }
    return { slots, peakRssBytes, foreignShare: foreignShareUntilNow() };
  } finally {
    load.stop();
  }
}

async function runSlot(
  bench: ProxyBench,
  load: Load,
  input: { call: Call; arm: ProxyArm; clients: number; round: number; durationMs: number },
): Promise<ReadSlot> {
  const { call, arm, clients, round, durationMs } = input;
  const { url, token, pid } = bench.arms[arm];
  const cpuNow = (): ReadSlot['cpuMs'] => ({
    proxy: pid === undefined ? 0 : usageOf(pid).cpuMs,
    apiServer: usageOf(bench.apiServerPid).cpuMs,
  });
  const before = cpuNow();
  const result = await load.run({
    ...{ url, token, clients, durationMs },
    ...{ caFile: bench.stack.caFile, calls: [call], warmUpMs: slotWarmUpMs },
  });
  const after = cpuNow();
  const unexpected = Object.keys(result.answers).filter((answer) => answer !== `${call.name} 200`);
  if (unexpected.length > 0) {
    throw new Error(`${arm}, ${String(clients)} clients: expected 200 alone, got ${JSON.stringify(result.answers)}`);
  }
  return {
    ...{ read: call.name, clients, arm, round },
    latenciesMs: result.latenciesMs,
    elapsedMs: result.elapsedMs,
    cpuMs: { proxy: after.proxy - before.proxy, apiServer: after.apiServer - before.apiServer },
    answers: sum(Object.values(result.answers)),
    loadShare: result.cpuMs / result.elapsedMs,
  };
}

function get(name: string, path: string): Call {
  return { name, method: 'GET', path };
}
