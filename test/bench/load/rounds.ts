/** A generator of numbers in [0, 1) that is the same for the same seed: mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The items in random order. Does not touch its input. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = items.map((item) => ({ item, at: random() }));
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/**
 * Every arm once a round, each round in an order of its own: what drifts (a fuller store, a warmer or a busier machine) and
 * what an arm leaves behind for its successor meets all of them alike.
 */
export function interleaved<Arm>(arms: readonly Arm[], rounds: number, random: () => number): Arm[][] {
  return Array.from({ length: rounds }, () => shuffled(arms, random));
}
