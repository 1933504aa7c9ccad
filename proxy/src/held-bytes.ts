import { createByteBudget, type ByteBudget, type ByteShare } from '@holdpoint/platform';

/**
 * Memory for what must be in one piece before it can be judged or masked: bodies of writes, single objects, lists in YAML. Each user has as
 * much, so that whoever opens a thousand connections and says nearly nothing on each waits for itself and for nobody else.
 */
export interface HeldBytes {
  /** Opens a share of the user's for one request. To be closed when the request is over. */
  open(username: string): ByteShare;
}

/**
 * Twenty writes of the largest size that the API server takes, under way at once. Parsed, a text takes some four times its length, but only
 * one is parsed at a time.
 */
const maxBytesOfUser = 64 * 1_048_576;

export function createHeldBytes(maxBytes = maxBytesOfUser): HeldBytes {
  const users = new Map<string, { budget: ByteBudget; open: number }>();
  return {
    open(username) {
      const user = users.get(username) ?? { budget: createByteBudget(maxBytes), open: 0 };
      users.set(username, user);
      user.open += 1;
      const share = user.budget.open();
      let isOpen = true;
      return {
        hold: share.hold,
        close() {
          share.close();
          if (!isOpen) return;
          isOpen = false;
          user.open -= 1;
          if (user.open === 0) users.delete(username);
        },
      };
    },
  };
}
