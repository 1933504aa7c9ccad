/** The memory that all who read share. */
export interface ByteBudget {
  /** Opens a share, which holds nothing yet. */
  open(): ByteShare;
}

export interface ByteShare {
  /**
   * Says how much is held by this share now. Gives nothing where more may be read at once, as while all shares together are within
   * the budget; else a promise of when others have let go of theirs. Of those that hold something, the one that has for longest never
   * waits, so there is always one that gets on; and so whoever holds something for long without reading must say 0.
   */
  hold(bytes: number): Promise<void> | undefined;
  close(): void;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  // A Map keeps the order in which shares came to hold something.
  const held = new Map<ByteShare, number>();
  let total = 0;
  let changed: (() => void)[] = [];
  const set = (share: ByteShare, bytes: number): void => {
    const before = held.get(share) ?? 0;
    total += bytes - before;
    if (bytes === 0) held.delete(share);
    else held.set(share, bytes);
    if (bytes >= before) return;
    const waiting = changed;
    changed = [];
    for (const resolve of waiting) resolve();
  };
  const mustWait = (share: ByteShare): boolean =>
    total > maxBytes && held.has(share) && held.keys().next().value !== share;
  const untilFree = async (share: ByteShare): Promise<void> => {
    while (mustWait(share)) await new Promise<void>((resolve) => changed.push(resolve));
  };
  return {
    open() {
      const share: ByteShare = {
        hold(bytes) {
          set(share, bytes);
          return mustWait(share) ? untilFree(share) : undefined;
        },
        close: () => set(share, 0),
      };
      return share;
    },
  };
}
