import { HoldpointError } from '@holdpoint/core';
import { isRunning, npmAncestors } from './process/ancestors.ts';

/** Ctrl-C, the end of the terminal, or of the npm that started us: all are a wish to end in good order. */
export interface Interruption {
  /** Resolves at the first. */
  readonly happened: Promise<NodeJS.Signals>;
  /** Aborted at the first: for what is still being started. */
  readonly signal: AbortSignal;
  ignore(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const parentPollMs = 1_000;

/** Listens from now on. */
export function listenForInterruption(): Interruption {
  const abort = new AbortController();
  let resolveHappened: (signal: NodeJS.Signals) => void = () => undefined;
  const happened = new Promise<NodeJS.Signals>((resolve) => (resolveHappened = resolve));
  const hear = (signal: NodeJS.Signals): void => {
    resolveHappened(signal);
    abort.abort(new HoldpointError('ERR_STACK_FAILED', `interrupted (${signal})`));
  };
  for (const signal of signals) process.on(signal, hear);
  // npm passes signals on, but not SIGKILL: whoever killed it believes that we are gone too.
  const npm = npmAncestors();
  const watch = setInterval(() => {
    if (!npm.every(isRunning)) hear('SIGHUP');
  }, parentPollMs);
  watch.unref();
  return {
    happened,
    signal: abort.signal,
    ignore: () => {
      clearInterval(watch);
      for (const signal of signals) process.off(signal, hear);
    },
  };
}
