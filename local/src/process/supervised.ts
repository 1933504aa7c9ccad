import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child, type ChildOptions } from './child.ts';
import type { Leash } from './leash.ts';
import { untilReady, type ReadyProbe } from './ready.ts';

export interface SupervisedOptions extends ChildOptions {
  /** Without one it is ready as soon as it runs. */
  probe?: ReadyProbe;
}

/** A process that is kept running, as a cluster would keep it. */
export interface Supervised {
  readonly name: string;
  readonly logFile: string;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  /** Ends it, and leaves it so. */
  stop(): Promise<void>;
  /** Starts it again after `stop`; resolves when it is ready. */
  start(): Promise<void>;
  /** SIGKILL. The supervisor starts it again. */
  kill(): void;
  /** Calls back at every new start, when `pid` is the new one. */
  onRestart(listener: () => void): void;
}

const restartDelayMs = 300;

/**
 * Starts a process and starts it again whenever it dies, until it is stopped or the stack closes. Resolves when it is first
 * ready.
 *
 * @throws HoldpointError ERR_STACK_FAILED with the end of its log when it never gets ready; then it is not started again
 */
export async function supervise(options: SupervisedOptions, leash: Leash): Promise<Supervised> {
  let child: Child | undefined;
  let wanted = false;
  const listeners: (() => void)[] = [];

  const launch = (): Child => {
    const launched = startChild(options, leash);
    child = launched;
    const startAgain = async (): Promise<void> => {
      if (child === launched) child = undefined;
      if (!wanted) return;
      await sleep(restartDelayMs);
      if (wanted && child === undefined) launch();
    };
    // What rejects here is a start that a closing stack refused: it is to stay down.
    void launched.ended.then(startAgain).catch(() => undefined);
    for (const listener of listeners) listener();
    return launched;
  };
  const start = async (): Promise<void> => {
    wanted = true;
    const launched = child ?? launch();
    if (options.probe !== undefined) await untilReady(launched, options.probe);
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
    logFile: options.logFile,
    get pid() {
      return child?.pid;
    },
    async stop() {
      wanted = false;
      await child?.stop();
    },
    start,
    kill: () => child?.kill(),
    onRestart: (listener) => listeners.push(listener),
  };
}
