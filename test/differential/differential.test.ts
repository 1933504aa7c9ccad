import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { titleOf } from './command.ts';
import { helmWith } from './helm.ts';
import { reading } from './reading.ts';
import { streaming } from './streaming.ts';
import { openWorld, type World } from './world.ts';
import { rolling, writing } from './writing.ts';

const families = [reading, writing, rolling, streaming, helmWith('configmap'), helmWith('secret')];

/**
 * One agent, the same commands twice: straight at the API server, and through the proxy. What it sees must be the same but for
 * named noise, and so must the exit code. Nothing here is masked or held.
 */
describe('through the proxy as without it', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(families);
  }, 300_000);
  afterAll(async () => {
    await world?.stack.close();
  }, 60_000);

  for (const { family, commands } of families) {
    describe(family, () => {
      test.each(commands.map((command, at) => ({ title: `${String(at + 1)}: ${titleOf(command)}`, command })))(
        '$title',
        async ({ command }) => {
          const [direct, proxied] = await world.runBoth(family, command);
          expect(proxied).toEqual(direct);
        },
        120_000,
      );
    });
  }
});
