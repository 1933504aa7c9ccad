import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command, titleOf, type Command, type Family } from './command.ts';
import { differences } from './differences.ts';
import { helmInConfigMaps, helmInSecrets } from './helm.ts';
import { byClientNode, byPython, missingPython } from './programs.ts';
import { reading } from './reading.ts';
import { streaming } from './streaming.ts';
import { createMany, openWorld, type World } from './world.ts';
import { rolling, writing } from './writing.ts';

const families = [reading, writing, rolling, streaming, helmInSecrets, helmInConfigMaps];
const programs: Family = { family: 'programs', commands: [byClientNode] };

/** Each lists the same namespace both ways; what is listed is read and nothing else. */
const many = 2_000;
const bigLists: readonly Command[] = [
  'get cm -n big -o name',
  'get cm -n big --chunk-size=0 -o json',
  'get cm -n big --chunk-size=700',
  'get --raw /api/v1/namespaces/big/configmaps?limit=2500',
].map((line) => command(line));

/**
 * One agent, the same commands twice: straight at the API server, and through the proxy. What it sees must be the same but for
 * named noise, and so must the exit code. Nothing here is masked or held.
 */
describe('through the proxy as without it', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld([...families, programs]);
  }, 300_000);
  afterAll(async () => {
    await world?.stack.close();
  }, 60_000);

  const same = async (family: string, each: Command): Promise<void> => {
    const [direct, proxied] = await world.runBoth(family, each);
    expect(proxied).toEqual(direct);
  };

  for (const { family, commands } of families) {
    describe(family, () => {
      test.each(commands.map((each, at) => ({ title: `${String(at + 1)}: ${titleOf(each)}`, each })))(
        '$title',
        ({ each }) => same(family, each),
        120_000,
      );
    });
  }

  describe('programs', () => {
    test('on client-node', () => same(programs.family, byClientNode), 120_000);

    const python = missingPython === undefined ? test : test.skip;
    const suffix = missingPython === undefined ? '' : ` (skipped: this machine lacks ${missingPython})`;
    python(`on the Python client${suffix}`, async () => same(programs.family, await byPython()), 900_000);
  });

  describe(`lists of ${String(many)}`, () => {
    beforeAll(async () => {
      expect(await world.stack.kubectl('admin', ['create', 'namespace', 'big'])).toMatchObject({ code: 0 });
      await createMany(world.stack, 'big', many);
    }, 300_000);

    test.each(bigLists.map((each) => ({ title: titleOf(each), each })))(
      '$title',
      async ({ each }) => {
        const [direct, proxied] = await world.runBoth(reading.family, each);
        expect(direct.code).toBe(0);
        // Not toEqual: the difference of two texts of megabytes takes minutes to print.
        expect(proxied.stdout === direct.stdout).toBe(true);
        expect({ ...proxied, stdout: '' }).toEqual({ ...direct, stdout: '' });
      },
      120_000,
    );
  });

  describe('what differs on purpose', () => {
    test.each(differences)(
      '$why',
      async ({ command: each, direct: wantDirect, proxied: wantProxied }) => {
        const [direct, proxied] = await world.runBoth(reading.family, each);
        expect(direct).toMatchObject({ code: 1, stdout: '' });
        expect(direct.stderr).toContain(wantDirect);
        expect(proxied).toEqual({ code: 1, stdout: '', stderr: wantProxied });
      },
      120_000,
    );
  });
});
