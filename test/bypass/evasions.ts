import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { openWorld, type World } from './world.ts';

/** One evasion, and its harmless twin. */
export interface Evasion {
  /** What the agent tries. */
  evasion: string;
  /** Tries it, and holds against the cluster, as admin sees it, that it did not come about. */
  attempt(world: World): Promise<void>;
  /** The nearest thing that is allowed, or done by somebody who may: and that it did come about. */
  twin(world: World): Promise<void>;
}

/** A stack starts in 10 s; a machine under load takes several times as long. */
const startMs = 180_000;
/** The API server gives up on a webhook after 10 s, and some rows have it give up more than once. */
const rowMs = 90_000;

/** Runs a family's rows, in order and on one stack. */
export function describeEvasions(
  family: string,
  rows: readonly Evasion[],
  prepare: (world: World) => Promise<void> = async () => undefined,
): void {
  describe(family, () => {
    let world: World;
    beforeAll(async () => {
      world = await openWorld();
      await prepare(world);
    }, startMs);
    afterAll(async () => {
      await world?.stack.close();
    }, startMs);

    for (const { evasion, attempt, twin } of rows) {
      test(`${evasion}: does not come about`, () => attempt(world), rowMs);
      test(`${evasion}: its harmless twin works`, () => twin(world), rowMs);
    }
  });
}
