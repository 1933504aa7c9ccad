import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeOracles } from './oracles.ts';
import { describeReads } from './reads.ts';
import { describeTools } from './tools.ts';
import { describeStoredCopies, describeTricks } from './tricks.ts';
import { openWorld, type World } from './world.ts';
import { describeDeletions, describeWrites } from './writes.ts';

/**
 * Canaries in every place where a value may lie, asked for in every way there is, by an agent whose RBAC and policy let it do
 * everything: raw bytes searched. In this order: what only reads, what only says that it writes, what really does.
 */
describe('leaks', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  }, 240_000);
  afterAll(async () => {
    await world?.stack.close();
  }, 60_000);

  const now = (): World => world;
  describeReads(now);
  describeTools(now);
  describeOracles(now);
  describeTricks(now);
  describeWrites(now);
  describeStoredCopies(now);
  describeDeletions(now);
});
