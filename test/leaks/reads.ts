import { beforeAll, describe, expect, test } from '@jest/globals';
import { createCanaries } from '../src/canaries.ts';
import { changesBesideValues } from './beside-values.ts';
import { placesOf, secrets, type Place } from './places.ts';
import { aSecond, ofMany, ofOne, ofWatches, type Representation } from './representations.ts';
import { decoded, leaksIn } from './search.ts';
import type { Heard } from '../src/wire.ts';
import type { World } from './world.ts';

/** Only their names: the values are planted by the world. */
export const everyPlace: readonly Place[] = placesOf(createCanaries('names'));
export const everyCollection: readonly string[] = [...new Set(everyPlace.map(({ collection }) => collection))];

/** As many as one client may have open at once, each in two dozen representations. */
const watchedTogether = 4;

/** Get, list and watch, of every place in every representation. */
export function describeReads(world: () => World): void {
  describe('get, in every representation', () => {
    test.each(everyPlace)('$place: no value', async ({ collection, object }) => {
      const path = `${collection}/${object.metadata.name}`;
      expect(await findingsOf(world(), path, ofOne, [object.metadata.name])).toEqual([]);
    });
  });

  describe('list, in every representation', () => {
    test.each(everyCollection)('%s: no value', async (collection) => {
      expect(await findingsOf(world(), collection, ofMany, namesIn(collection))).toEqual([]);
    });
  });

  describe('list, a page at a time', () => {
    test.each(everyCollection)('%s: no value, and every object', async (collection) => {
      const { agent, canaries } = world();
      let rest: string | undefined = '';
      const heard: Buffer[] = [];
      while (rest !== undefined) {
        const page: Heard = await agent({ path: `${collection}?limit=2&continue=${encodeURIComponent(rest)}` });
        expect(leaksIn(page, canaries)).toEqual([]);
        expect(page.code).toBe(200);
        heard.push(page.bytes);
        const { metadata } = JSON.parse(page.bytes.toString()) as { metadata: { continue?: string } };
        rest = metadata.continue === '' ? undefined : metadata.continue;
      }
      const text = Buffer.concat(heard).toString();
      expect(namesIn(collection).filter((name) => !text.includes(name))).toEqual([]);
    });
  });

  describe('watch, in every representation', () => {
    // Each takes a second, whatever comes: several are waited for together.
    const findings = new Map<string, string[]>();
    beforeAll(async () => {
      for (let at = 0; at < everyCollection.length; at += watchedTogether) {
        await Promise.all(
          everyCollection.slice(at, at + watchedTogether).map(async (collection) => {
            findings.set(collection, await findingsOf(world(), collection, ofWatches, namesIn(collection)));
          }),
        );
      }
    }, 120_000);
    test.each(everyCollection)('%s: no value', (collection) => {
      expect(findings.get(collection)).toEqual([]);
    });
  });

  describe('what must come through', () => {
    test.each(everyPlace)('$place: all but the values is as it is', async ({ collection, object }) => {
      const path = `${collection}/${object.metadata.name}`;
      const { agent, direct, canaries } = world();
      const [real, seen] = await Promise.all([direct({ path }), agent({ path })]);
      expect([real.code, seen.code]).toEqual([200, 200]);
      expect(
        changesBesideValues(JSON.parse(real.bytes.toString()), JSON.parse(seen.bytes.toString()), {
          canaries,
          secrets: collection === secrets,
        }),
      ).toEqual([]);
    });

    test.each(everyCollection)('%s, as a Table and as a list: all but the values is as it is', async (collection) => {
      const { agent, direct, canaries } = world();
      for (const accept of ['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
        const asked = { path: collection, headers: { accept } };
        const [real, seen] = await Promise.all([direct(asked), agent(asked)]);
        const bodies = [real, seen].map(({ bytes }) => withoutVersion(JSON.parse(bytes.toString())));
        expect(changesBesideValues(bodies[0], bodies[1], { canaries, secrets: collection === secrets })).toEqual([]);
      }
    });

    test.each([
      '/api',
      '/apis',
      '/api/v1',
      '/apis/apps/v1',
      '/apis/leaks.example/v1',
      '/version',
      '/openapi/v3',
      '/openapi/v3/api/v1',
      '/openapi/v3/apis/apps/v1',
      '/openapi/v2',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles',
      '/api/v1/namespaces',
      '/api/v1/namespaces/vault/serviceaccounts',
      '/apis/leaks.example/v1/namespaces/vault/strongboxes?fieldSelector=spec.colour%3Dred&limit=0',
      '/apis/holdpoint.dev/v1alpha1/accesspolicies',
    ])('%s: the same, byte for byte but for the version of a list', async (path) => {
      const { agent, direct, canaries } = world();
      const [real, seen] = await Promise.all([direct({ path }), agent({ path })]);
      expect([real.code, seen.code]).toEqual([200, 200]);
      const [wanted, got] = [real, seen].map(({ bytes }) => withoutVersion(JSON.parse(bytes.toString())));
      expect(changesBesideValues(wanted, got, { canaries, secrets: false })).toEqual([]);
    });
  });
}

/** One line for each problem, with the representations that have it. */
async function findingsOf(
  world: World,
  plain: string,
  representations: readonly Representation[],
  names: readonly string[],
): Promise<string[]> {
  const found = new Map<string, string[]>();
  await Promise.all(
    representations.map(async (each) => {
      for (const problem of await problemsOf(world, plain, each, names)) {
        found.set(problem, [...(found.get(problem) ?? []), each.representation]);
      }
    }),
  );
  return [...found].map(([problem, where]) => `${problem} × ${where.join(', ')}`);
}

async function problemsOf(
  { agent, canaries }: World,
  plain: string,
  { path, headers = {}, method, mustWork, nameless }: Representation,
  names: readonly string[],
): Promise<string[]> {
  const asked = { path: path(plain), headers, ...(method === undefined ? {} : { method }) };
  const missingIn = ({ code, encoding, bytes }: Heard): string[] => {
    if (mustWork !== true) return [];
    const text = decoded(encoding, bytes).toString('latin1');
    if (code !== 200) return [`does not work: ${String(code)} ${text.slice(0, 200)}`];
    return nameless === true ? [] : names.filter((name) => !text.includes(name)).map((name) => `lacks ${name}`);
  };
  let heard = await agent(asked);
  if (missingIn(heard).length > 0 && asked.path.includes(aSecond)) {
    // On a busy machine a second may be too short for a watch to begin.
    heard = await agent({ ...asked, path: asked.path.replace(aSecond, 'timeoutSeconds=10') });
  }
  const failed = heard.code === 0 || heard.code >= 500;
  return [
    ...leaksIn(heard, canaries),
    ...missingIn(heard),
    // A refusal is an answer to the client; a failure is one that nobody meant.
    ...(failed ? [`fails: ${String(heard.code)} ${heard.bytes.toString().slice(0, 200)}`] : []),
  ];
}

/** The names that are in a collection, in every representation of it. */
function namesIn(collection: string): string[] {
  return everyPlace.filter((each) => each.collection === collection).map(({ object }) => object.metadata.name);
}

/** A list's own version is the cluster's, which goes on with whatever is written anywhere. */
function withoutVersion(list: unknown): unknown {
  const { metadata, ...rest } = list as { metadata?: { resourceVersion?: string } };
  if (metadata === undefined) return rest;
  const { resourceVersion: _version, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
