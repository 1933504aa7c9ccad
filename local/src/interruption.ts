/** Ctrl-C, or the end of the terminal: both are a wish to end in good order. */
export interface Interruption {
  /** Resolves at the first signal. */
  readonly happened: Promise<NodeJS.Signals>;
  ignore(): void;
}

/** Listens from now on. */
export function listenForInterruption(): Interruption {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let heard: (signal: NodeJS.Signals) => void = () => undefined;
  const happened = new Promise<NodeJS.Signals>((resolve) => (heard = resolve));
  for (const signal of signals) process.on(signal, heard);
  return {
    happened,
    ignore: () => {
      for (const signal of signals) process.off(signal, heard);
    },
  };
}
