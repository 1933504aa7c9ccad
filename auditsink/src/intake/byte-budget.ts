/** The memory that all who read share. */
export interface ByteBudget {
  /** Opens a share, which holds nothing yet. */
  open(): ByteShare;
}

export interface ByteShare {
  /**
   * Says how much is held by this share now. Resolves when more may be read: at once while all shares together are within
   * the budget, else when others have let go of theirs. The oldest share never waits, so there is always one that gets on.
   */
  hold(bytes: number): Promise<void>;
  close(): void;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  // A Set keeps the order in which shares were opened.
  const shares = new Set<{ held: number }>();
  let total = 0;
  let changed: (() => void)[] = [];
  const wake = (): void => {
    const waiting = changed;
    changed = [];
    for (const resolve of waiting) resolve();
  };
  return {
    open() {
      const share = { held: 0 };
      shares.add(share);
      const isOldest = (): boolean => shares.values().next().value === share;
      return {
        async hold(bytes) {
          const isLess = bytes < share.held;
          total += bytes - share.held;
          share.held = bytes;
          if (isLess) wake();
          while (total > maxBytes && shares.has(share) && !isOldest()) {
            await new Promise<void>((resolve) => changed.push(resolve));
          }
        },
        close() {
          total -= share.held;
          share.held = 0;
          shares.delete(share);
          wake();
        },
      };
    },
  };
}
