import { describe, expect, test } from '@jest/globals';
import { namespace } from './places.ts';
import { everyCollection, everyPlace } from './reads.ts';
import { ofWrites, withQuery, type Representation } from './representations.ts';
import { leaksIn } from './search.ts';
import type { Asked } from '../src/wire.ts';
import type { World } from './world.ts';

/** One way to write to an object that exists, without knowing what is in it. */
interface Write {
  write: string;
  /** @param object as the agent sees it */
  ask: (path: string, object: Seen) => Asked;
  /** Where the answer is the object: in every representation; else in the first few. */
  representations: readonly Representation[];
}

interface Seen {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

const dryRun = withQuery('dryRun=All');
const touched = { metadata: { labels: { touched: 'yes' } } };
const few = ofWrites.filter(({ representation }) => ['JSON', 'protobuf'].includes(representation));
/** What clients do all day: a change, and read-modify-write. */
const mustWork = new Set(['merge patch', 'replacing it by what was seen']);
const identity = ({ apiVersion, kind, metadata: { name } }: Seen): object => ({ apiVersion, kind, metadata: { name } });

const writes: readonly Write[] = [
  {
    write: 'merge patch',
    ask: (path) => ({ method: 'PATCH', path: dryRun(path), body: touched }),
    representations: ofWrites,
  },
  {
    write: 'merge patch that changes nothing',
    ask: (path) => ({ method: 'PATCH', path, body: {} }),
    representations: few,
  },
  {
    write: 'strategic merge patch',
    ask: (path) => ({
      method: 'PATCH',
      path: dryRun(path),
      body: touched,
      type: 'application/strategic-merge-patch+json',
    }),
    representations: few,
  },
  {
    write: 'JSON patch',
    ask: (path) => ({
      method: 'PATCH',
      path: dryRun(path),
      body: [{ op: 'add', path: '/metadata/labels', value: { touched: 'yes' } }],
      type: 'application/json-patch+json',
    }),
    representations: few,
  },
  {
    write: 'server-side apply',
    ask: (path, object) => ({
      method: 'PATCH',
      path: withQuery('fieldManager=agent')(dryRun(path)),
      body: { ...identity(object), metadata: { name: object.metadata.name, ...touched.metadata } },
      type: 'application/apply-patch+yaml',
    }),
    representations: few,
  },
  {
    write: 'replacing it by what was seen',
    ask: (path, object) => ({ method: 'PUT', path: dryRun(path), body: object }),
    representations: few,
  },
  {
    write: 'replacing it by next to nothing',
    ask: (path, object) => ({ method: 'PUT', path: dryRun(path), body: identity(object) }),
    representations: few,
  },
  {
    write: 'creating it once more',
    ask: (path, object) => ({ method: 'POST', path: path.slice(0, path.lastIndexOf('/')), body: identity(object) }),
    representations: few,
  },
  {
    write: 'a body that is no object',
    ask: (path) => ({ method: 'PUT', path, body: '{"data":' }),
    representations: few,
  },
  { write: 'deleting it', ask: (path) => ({ method: 'DELETE', path: dryRun(path) }), representations: few },
  {
    write: 'deleting another version of it',
    ask: (path) => ({ method: 'DELETE', path, body: { preconditions: { uid: 'another' } } }),
    representations: few,
  },
];

/** Every verb that writes, on every place: what comes back, and what is said of what was refused. */
export function describeWrites(world: () => World): void {
  describe('written to, without knowing what is in it', () => {
    test.each(everyPlace)('$place: no value in any answer', async ({ collection, object }) => {
      const { agent, canaries } = world();
      const path = `${collection}/${object.metadata.name}`;
      const seen = JSON.parse((await agent({ path })).bytes.toString()) as Seen;
      const findings = await Promise.all(
        writes.flatMap(({ write, ask, representations }) =>
          representations.map(async ({ representation, path: pathAs, headers = {} }) => {
            const asked = ask(path, seen);
            const heard = await agent({ ...asked, path: pathAs(asked.path), headers });
            const problems = leaksIn(heard, canaries);
            if (heard.code === 0 || heard.code >= 500) problems.push(`fails: ${String(heard.code)}`);
            if (mustWork.has(write) && representation === 'JSON' && heard.code !== 200) {
              problems.push(`does not work: ${String(heard.code)} ${heard.bytes.toString().slice(0, 200)}`);
            }
            return problems.map((problem) => `${problem} × ${write} × ${representation}`);
          }),
        ),
      );
      expect(findings.flat()).toEqual([]);
    });
  });

  describe('deleted as a collection', () => {
    // The API server calls a webhook for each; a real deletion is the last thing that happens here.
    test.each(everyCollection)('%s, dry: no value in any answer', async (collection) => {
      const { agent, canaries } = world();
      const findings = await Promise.all(
        ofWrites.map(async ({ representation, path, headers = {} }) => {
          const heard = await agent({ method: 'DELETE', path: path(dryRun(collection)), headers });
          return leaksIn(heard, canaries).map((leak) => `${leak} × ${representation}`);
        }),
      );
      expect(findings.flat()).toEqual([]);
    });
  });
}

/** The end of everything that was planted: what was there is in the answer to its deletion. */
export function describeDeletions(world: () => World): void {
  describe('deleted in earnest', () => {
    test.each(everyPlace)('$place: no value in the answer, and it is gone', async ({ collection, object }) => {
      const { agent, admin, canaries } = world();
      const path = `${collection}/${object.metadata.name}`;
      const heard = await agent({ method: 'DELETE', path: withQuery('gracePeriodSeconds=0')(path) });
      expect({ code: heard.code, leaks: leaksIn(heard, canaries) }).toEqual({ code: 200, leaks: [] });
      const { code, bytes } = await admin({ path });
      if (code === 200) expect(JSON.parse(bytes.toString())).toHaveProperty('metadata.deletionTimestamp');
      else expect(code).toBe(404);
    });

    test('what is left, as a collection: no value in the answer', async () => {
      const { agent, canaries } = world();
      const heard = await agent({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/secrets` });
      expect({ code: heard.code, leaks: leaksIn(heard, canaries) }).toEqual({ code: 200, leaks: [] });
    });
  });
}
