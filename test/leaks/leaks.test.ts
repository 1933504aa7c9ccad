import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeReads } from './reads.ts';
import { openWorld, type World } from './world.ts';

/**
 * Canaries in every place where a value may lie, asked for in every way there is, by an agent whose RBAC and policy let it do
 * everything: raw bytes searched. See README.md.
 */
describe('leaks', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  }, 240_000);
  afterAll(async () => {
    await world?.stack.close();
  }, 60_000);

  describeReads(() => world);
});
