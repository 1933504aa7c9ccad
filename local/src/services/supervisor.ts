import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child, type ChildOptions } from '../process/child.ts';
import type { Leash } from '../process/leash.ts';
import { answersOk, untilReady } from '../process/ready.ts';

/** One of our services, kept running as a cluster would keep it. */
export interface Service {
  readonly name: string;
  readonly url: string;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  /** True when it answers `/readyz` now. */
  ready(): Promise<boolean>;
  /** Ends it, and leaves it so. */
  stop(): Promise<void>;
  /** Starts it again after `stop`; resolves when it is ready. */
  start(): Promise<void>;
  /** SIGKILL. The supervisor starts it again. */
  kill(): void;
  /** Calls back with the process id of every new start. */
  onRestart(listener: () => void): void;
}

const restartDelayMs = 300;
const readyTimeoutMs = 60_000;

/** Starts a service and starts it again whenever it dies, until it is stopped. Resolves when it is first ready. */
export async function superviseService(
  options: ChildOptions & { url: string; ca: string },
  leash: Leash,
): Promise<Service> {
  let child: Child | undefined;
  let wanted = false;
  const listeners: (() => void)[] = [];

  const launch = (): Child => {
    const launched = startChild(options, leash);
    child = launched;
    for (const listener of listeners) listener();
    void launched.ended.then(async () => {
      if (child === launched) child = undefined;
      if (!wanted) return;
      await sleep(restartDelayMs);
      if (wanted && child === undefined) launch();
    });
    return launched;
  };
  const start = async (): Promise<void> => {
    wanted = true;
    const launched = child ?? launch();
    await untilReady(launched, { url: `${options.url}/readyz`, ca: options.ca, timeoutMs: readyTimeoutMs });
  };
  try {
    await start();
  } catch (error) {
    wanted = false;
    await child?.stop();
    throw error;
  }

  return {
    name: options.name,
    url: options.url,
    get pid() {
      return child?.pid;
    },
    ready: () => answersOk(`${options.url}/readyz`, options.ca),
    async stop() {
      wanted = false;
      await child?.stop();
    },
    start,
    kill: () => child?.kill(),
    onRestart: (listener) => listeners.push(listener),
  };
}
