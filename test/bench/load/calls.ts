import { benchNamespace } from '../judging/policies.ts';
import { sum } from '../statistics.ts';
import { arms, type Arm, type BenchStack } from './bench-stack.ts';
import { startLoad, type Call, type Load } from './load.ts';
import { usageOf, watchForeignShare } from './process-usage.ts';
import { createRandom, interleaved } from './rounds.ts';
import type { Cell, Slot } from './slot.ts';

/** Each an UPDATE that changes one value; every writer has an object of its own. */
export const targets: readonly Call[] = [
  {
    name: 'deployment',
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${benchNamespace}/deployments/writer-{client}?fieldManager=bench`,
    contentType: 'application/merge-patch+json',
    // A label of its own, which is no new generation: its controller then has nothing to do.
    body: '{"metadata":{"labels":{"example.com/revision":"{value}"}}}',
  },
  {
    name: 'configmap',
    method: 'PATCH',
    path: `/api/v1/namespaces/${benchNamespace}/configmaps/writer-{client}?fieldManager=bench`,
    contentType: 'application/merge-patch+json',
    body: '{"data":{"value":"{value}"}}',
  },
];

const writerCounts: readonly number[] = [1, 16, 64];
/** So that a slot does not count what its predecessor left to do, nor its own connections' handshakes. */
const slotWarmUpMs = 200;
/** For each arm and target, before anything is counted: compilers warm, caches full. */
const warmUp = { writers: 16, durationMs: 2_500 };

export interface CallsInput {
  bench: BenchStack;
  rounds: number;
  secondsPerSlot: number;
  seed: number;
  onProgress: (text: string) => void;
}

/** Memory of the two webhooks, at the end and at its most. */
export interface WebhookMemory {
  rssBytes: number;
  peakRssBytes: number;
}

/**
 * Has the same writes made in three arms, which only differ in who writes; every cell in every round, and within it the arms in
 * random order.
 *
 * @throws when a write is answered otherwise than 200
 */
export async function measureCalls({ bench, rounds, secondsPerSlot, seed, onProgress }: CallsInput): Promise<{
  slots: Slot[];
  memory: Record<'go' | 'holdpoint', WebhookMemory>;
  /** How much of the machine was busy with something else: from 0 to 1. */
  foreignShare: number;
}> {
  const load = startLoad();
  const cells = targets.flatMap((write) => writerCounts.map((writers) => ({ write, writers })));
  const random = createRandom(seed);
  const slots: Slot[] = [];
  try {
    onProgress('warming up');
    for (const write of targets) {
      for (const arm of arms) {
        await runSlot(bench, load, { write, arm, round: -1, ...warmUp });
      }
    }
    const orders = cells.map(() => interleaved(arms, rounds, random));
    const foreignShareUntilNow = watchForeignShare([process.pid, load.pid, ...bench.allPids()]);
    for (let round = 0; round < rounds; round += 1) {
      onProgress(`round ${String(round + 1)} of ${String(rounds)}`);
      for (const [i, { write, writers }] of cells.entries()) {
        for (const arm of orders[i]?.[round] ?? []) {
          slots.push(await runSlot(bench, load, { write, writers, arm, round, durationMs: secondsPerSlot * 1_000 }));
        }
      }
    }
    const { go, holdpoint } = bench.pids();
    const memory = { go: memoryOf(go), holdpoint: memoryOf(holdpoint) };
    return { slots, memory, foreignShare: foreignShareUntilNow() };
  } finally {
    load.stop();
  }
}

function memoryOf(pid: number): WebhookMemory {
  const { rssBytes, peakRssBytes } = usageOf(pid);
  return { rssBytes, peakRssBytes };
}

interface SlotInput extends Omit<Cell, 'target'> {
  write: Call;
  arm: Arm;
  round: number;
  durationMs: number;
}

async function runSlot(bench: BenchStack, load: Load, input: SlotInput): Promise<Slot> {
  const { write, arm, writers, round, durationMs } = input;
  const { stack, tokens } = bench;
  const pids = bench.pids();
  const cpuNow = () => ({
    webhook: arm === 'none' ? 0 : usageOf(pids[arm]).cpuMs,
    apiServer: usageOf(pids.apiServer).cpuMs,
  });
  const before = cpuNow();
  const result = await load.run({
    url: stack.urls.apiServer,
    caFile: stack.caFile,
    token: tokens[arm],
    clients: writers,
    calls: [write],
    warmUpMs: slotWarmUpMs,
    durationMs,
  });
  const after = cpuNow();
  const wanted = `${write.name} 200`;
  const unexpected = Object.entries(result.answers).filter(([answer]) => answer !== wanted);
  if (unexpected.length > 0) {
    throw new Error(
      `${arm}, ${String(writers)} writers: expected "${wanted}" alone, got ${JSON.stringify(result.answers)}`,
    );
  }
  return {
    target: write.name,
    writers,
    arm,
    round,
    latenciesMs: result.latenciesMs,
    elapsedMs: result.elapsedMs,
    cpuMs: { webhook: after.webhook - before.webhook, apiServer: after.apiServer - before.apiServer },
    writes: sum(Object.values(result.answers)),
    loadShare: result.cpuMs / result.elapsedMs,
  };
}
