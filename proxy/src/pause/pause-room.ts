/** Room for requests that wait. Each keeps its body, to be sent again byte for byte. */
export interface PauseRoom {
  /** Takes a place; returns the way to give it back, or undefined when there is none left. */
  take(bytes: number): (() => void) | undefined;
  /** What is taken now. */
  taken(): { requests: number; bytes: number };
}

/** At most `maxRequests`, whose bodies are at most `maxBytes` together. */
export function createPauseRoom(maxRequests: number, maxBytes: number): PauseRoom {
  let requests = 0;
  let held = 0;
  return {
    take(bytes) {
      if (requests + 1 > maxRequests || held + bytes > maxBytes) return undefined;
      requests += 1;
      held += bytes;
      let given = false;
      return () => {
        if (given) return;
        given = true;
        requests -= 1;
        held -= bytes;
      };
    },
    taken: () => ({ requests, bytes: held }),
  };
}
