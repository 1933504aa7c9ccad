/** What is being served: a connection may be closed while the last of it is still to be recorded and told. */
export interface UnderWay {
  add(work: Promise<void>): void;
  /** Resolves when there is nothing under way, or after so many milliseconds. */
  settled(withinMs: number): Promise<void>;
}

export function createUnderWay(): UnderWay {
  const all = new Set<Promise<void>>();
  return {
    add(work) {
      all.add(work);
      void work.finally(() => all.delete(work));
    },
    async settled(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
      await Promise.race([Promise.all(all), over]);
      clearTimeout(timer);
    },
  };
}
