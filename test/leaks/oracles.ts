import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { inRepository } from '@holdpoint/local';
import { configMaps, persistentVolumes, pods, secrets, strongboxes } from './places.ts';
import { withQuery } from './representations.ts';
import { leaksIn } from './search.ts';
import type { Asked } from '../src/wire.ts';
import type { World } from './world.ts';

/** A question whose answer gives no byte away, but tells a right guess from a wrong one. */
interface Oracle {
  oracle: string;
  /** The place whose value is guessed. */
  place: string;
  ask: (guess: string) => Asked;
  /** The same question about what is no secret: must be answered. */
  twin: Asked;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const dryRun = withQuery('dryRun=All');
const json = (path: string, body: object): Asked => ({
  method: 'PATCH',
  path: dryRun(path),
  body,
  type: 'application/json-patch+json',
});
const merge = (path: string, body: object): Asked => ({ method: 'PATCH', path: dryRun(path), body });
const strategic = (path: string, body: object): Asked => ({
  method: 'PATCH',
  path: dryRun(path),
  body,
  type: 'application/strategic-merge-patch+json',
});
const apply = (path: string, apiVersion: string, kind: string, more: object): Asked => ({
  method: 'PATCH',
  path: withQuery('fieldManager=guesser')(dryRun(path)),
  body: { apiVersion, kind, metadata: { name: path.slice(path.lastIndexOf('/') + 1) }, ...more },
  type: 'application/apply-patch+yaml',
});
const testing = (path: string, at: string, value: string): Asked => json(path, [{ op: 'test', path: at, value }]);
const labelled = (path: string): Asked => merge(path, { metadata: { labels: { seen: 'yes' } } });

const opaque = `${secrets}/opaque`;
const settings = `${configMaps}/named-key`;
const box = `${strongboxes}/box`;
const pod = `${pods}/web`;
const env = (guess: string): object => ({
  spec: { containers: [{ name: 'c', env: [{ name: 'DB_PASSWORD', value: guess }] }] },
});

const oracles: readonly Oracle[] = [
  {
    oracle: 'a JSON patch that tests a Secret',
    place: 'Secret data',
    ask: (guess) => testing(opaque, '/data/password', base64(guess)),
    twin: json(opaque, [{ op: 'replace', path: '/metadata/labels/team', value: 'other' }]),
  },
  {
    oracle: 'a JSON patch that tests a ConfigMap',
    place: 'a key that is named for what it holds',
    ask: (guess) => testing(settings, '/data/api-token', guess),
    twin: json(settings, [{ op: 'replace', path: '/data/colour', value: 'red' }]),
  },
  {
    oracle: 'a JSON patch that tests a Pod’s environment',
    place: 'an environment variable of a Pod',
    ask: (guess) => testing(pod, '/spec/containers/0/env/1/value', guess),
    twin: json(pod, [{ op: 'add', path: '/metadata/labels', value: { seen: 'yes' } }]),
  },
  {
    oracle: 'a JSON patch that tests a custom resource',
    place: 'a custom resource’s field',
    ask: (guess) => testing(box, '/spec/apiKey', guess),
    twin: json(box, [{ op: 'replace', path: '/spec/colour', value: 'red' }]),
  },
  {
    oracle: 'a write to a Secret that changes nothing if the guess is right',
    place: 'Secret data',
    ask: (guess) => merge(opaque, { data: { password: base64(guess) } }),
    twin: merge(opaque, { data: { added: base64('new') } }),
  },
  {
    oracle: 'a write to a Secret’s stringData that changes nothing if the guess is right',
    place: 'Secret data',
    ask: (guess) => merge(opaque, { stringData: { password: guess } }),
    twin: merge(opaque, { stringData: { added: 'new' } }),
  },
  {
    oracle: 'a field selector on a custom resource',
    place: 'a custom resource’s field, in a printer column',
    ask: (guess) => ({ path: `${strongboxes}?fieldSelector=spec.password%3D${guess}` }),
    twin: { path: `${strongboxes}?fieldSelector=spec.colour%3Dred` },
  },
  {
    oracle: 'a field selector on a custom resource, negated',
    place: 'a custom resource’s field, in a printer column',
    ask: (guess) => ({ path: `${strongboxes}?fieldSelector=spec.password!%3D${guess}` }),
    twin: { path: `${strongboxes}?fieldSelector=spec.colour!%3Dblue` },
  },
  {
    oracle: 'a field selector on a custom resource, watched',
    place: 'a custom resource’s field, in a printer column',
    ask: (guess) => ({ path: `${strongboxes}?watch=true&timeoutSeconds=1&fieldSelector=spec.password%3D${guess}` }),
    twin: { path: `${strongboxes}?watch=true&timeoutSeconds=1&fieldSelector=spec.colour%3Dred` },
  },
  {
    oracle: 'a field selector on a custom resource that is deleted by it',
    place: 'a custom resource’s field, in a printer column',
    ask: (guess) => ({ method: 'DELETE', path: dryRun(`${strongboxes}?fieldSelector=spec.password%3D${guess}`) }),
    twin: { method: 'DELETE', path: dryRun(`${strongboxes}?fieldSelector=spec.colour%3Dred`) },
  },
  ...[
    ['a label selector', '%3D'],
    ['a label selector, negated', '!%3D'],
  ].map(([oracle = '', operator = '']): Oracle => ({
    oracle,
    place: 'a Secret’s label with a secret’s name',
    ask: (guess) => ({ path: `${secrets}?labelSelector=db-password${operator}${guess}` }),
    twin: { path: `${secrets}?labelSelector=team${operator}shop,db-password` },
  })),
  {
    oracle: 'a label selector on Secrets that are deleted by it',
    place: 'a Secret’s label with a secret’s name',
    ask: (guess) => ({ method: 'DELETE', path: dryRun(`${secrets}?labelSelector=db-password+in+(${guess})`) }),
    twin: { method: 'DELETE', path: dryRun(`${secrets}?labelSelector=team+in+(other)`) },
  },
];

/**
 * What stays open. To close these, an honest client would have to be refused: whoever applies again the manifest that it has, with
 * the value in it, does the very same. So the limit is held here as it is documented: what confirms a guess, and that it shows
 * nothing else.
 */
interface OpenOracle extends Oracle {
  /** As its row of docs/reference/masking.md begins. */
  documented: string;
  /** How a wrong guess is answered; a right one is served. */
  wrong: number;
}

const openOracles: readonly OpenOracle[] = [
  {
    documented: 'server-side apply',
    wrong: 409,
    oracle: 'a conflict of server-side apply on a Secret',
    place: 'Secret data',
    ask: (guess) => apply(opaque, 'v1', 'Secret', { data: { password: base64(guess) } }),
    twin: apply(opaque, 'v1', 'Secret', { metadata: { name: 'opaque', labels: { mine: 'yes' } } }),
  },
  {
    documented: 'server-side apply',
    wrong: 409,
    oracle: 'a conflict of server-side apply on a ConfigMap',
    place: 'a key that is named for what it holds',
    ask: (guess) => apply(settings, 'v1', 'ConfigMap', { data: { 'api-token': guess } }),
    twin: apply(settings, 'v1', 'ConfigMap', { data: { colour: 'red' } }),
  },
  {
    documented: 'server-side apply',
    wrong: 409,
    oracle: 'a conflict of server-side apply on a custom resource',
    place: 'a custom resource’s field',
    ask: (guess) => apply(box, 'leaks.example/v1', 'Strongbox', { spec: { apiKey: guess } }),
    twin: apply(box, 'leaks.example/v1', 'Strongbox', { spec: { colour: 'red' } }),
  },
  {
    documented: 'what cannot be changed',
    wrong: 422,
    oracle: 'the same value written to an immutable Secret',
    place: 'an immutable Secret',
    ask: (guess) => merge(`${secrets}/immutable`, { data: { pin: base64(guess) } }),
    twin: labelled(`${secrets}/immutable`),
  },
  {
    documented: 'what cannot be changed',
    wrong: 422,
    oracle: 'the same value written to what a definition’s rule keeps',
    place: 'a field that its definition’s rule prints',
    ask: (guess) => merge(box, { spec: { fixed: { accessToken: guess } } }),
    twin: labelled(box),
  },
  {
    documented: 'what cannot be changed',
    wrong: 422,
    oracle: 'the same value written to a PersistentVolume',
    place: 'a PersistentVolume’s attribute',
    ask: (guess) =>
      merge(`${persistentVolumes}/disk`, { spec: { csi: { volumeAttributes: { server: 'nas', password: guess } } } }),
    twin: labelled(`${persistentVolumes}/disk`),
  },
  {
    documented: 'what cannot be changed',
    wrong: 422,
    oracle: 'the same value written to a Pod’s environment',
    place: 'an environment variable of a Pod',
    ask: (guess) => strategic(pod, env(guess)),
    twin: labelled(pod),
  },
];

export function describeOracles(world: () => World): void {
  describe('oracles', () => {
    test.each(oracles)('$oracle: a right guess is answered as a wrong one is', async ({ place, ask }) => {
      const right = world().canaries.planted.get(place) ?? '';
      expect(right).not.toBe('');
      // As long, and of the same characters: only what is compared with it can tell.
      const wrong = [...right].reverse().join('');
      const answers = [];
      for (const guess of [right, wrong]) answers.push(await answerTo(world(), ask(guess), guess));
      expect(answers[0]).toEqual(answers[1]);
    });

    test.each(oracles)('$oracle: asked of what is no secret, it works', async ({ twin }) => {
      const { code, bytes } = await world().agent(twin);
      expect({ code, text: bytes.toString().slice(0, code === 200 ? 0 : 300) }).toEqual({ code: 200, text: '' });
    });
  });

  describe('oracles that stay open', () => {
    test.each(openOracles)('$oracle: tells a right guess, and nothing else', async ({ place, ask, wrong }) => {
      const { agent, canaries } = world();
      const right = canaries.planted.get(place) ?? '';
      expect(right).not.toBe('');
      const served = await agent(ask(right));
      expect({ code: served.code, leaks: leaksIn(served, canaries) }).toEqual({ code: 200, leaks: [] });
      const refused = await agent(ask([...right].reverse().join('')));
      expect({ code: refused.code, leaks: leaksIn(refused, canaries) }).toEqual({ code: wrong, leaks: [] });
    });

    test.each(openOracles)('$oracle: asked of what is no secret, it works', async ({ twin }) => {
      const { code, bytes } = await world().agent(twin);
      expect({ code, text: bytes.toString().slice(0, code === 200 ? 0 : 300) }).toEqual({ code: 200, text: '' });
    });

    test('a write that changes nothing, in earnest: leaves the version as it was, as any client relies on', async () => {
      const { agent, canaries } = world();
      const path = `${secrets}/own-type`;
      const right = canaries.planted.get('a Secret of a type of one’s own') ?? '';
      const before = await agent({ path });
      const written = await agent({ method: 'PATCH', path, body: { data: { anything: base64(right) } } });
      expect({ code: written.code, leaks: leaksIn(written, canaries) }).toEqual({ code: 200, leaks: [] });
      expect(versionIn(written.bytes)).toBe(versionIn(before.bytes));
    });

    test('the mask of a right guess is the mask of the value, as kubectl diff relies on', async () => {
      const { agent, canaries } = world();
      const right = canaries.planted.get('Secret data') ?? '';
      const [seen, same, other] = [
        await agent({ path: opaque }),
        await agent(merge(opaque, { data: { password: base64(right) } })),
        await agent(merge(opaque, { data: { password: base64([...right].reverse().join('')) } })),
      ].map(({ bytes }) => passwordIn(bytes));
      expect(seen).toEqual(expect.stringMatching(/^aG9sZHBvaW50LW1hc2s6/));
      expect(same).toBe(seen);
      expect(other).not.toBe(seen);
    });

    test('docs/reference/masking.md tells each of them', () => {
      const documented = [...openOracles.map((each) => each.documented), 'an update that changes nothing', 'its mask'];
      const rows = readFileSync(inRepository('docs', 'reference', 'masking.md'), 'utf8').split('\n');
      expect(documented.filter((each) => !rows.some((row) => row.startsWith(`| ${each}`)))).toEqual([]);
    });
  });
}

function versionIn(bytes: Buffer): unknown {
  return (JSON.parse(bytes.toString()) as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion;
}

function passwordIn(bytes: Buffer): unknown {
  return (JSON.parse(bytes.toString()) as { data?: { password?: string } }).data?.password;
}

/** What of an answer could tell: not the echo of the guess, nor the clock. */
async function answerTo({ agent }: World, asked: Asked, guess: string): Promise<object> {
  const { code, bytes } = await agent(asked);
  const text = bytes.toString().replaceAll(guess, 'GUESS').replaceAll(base64(guess), 'GUESS');
  if (code !== 200) return { code, text };
  const shape = text
    .replace(/holdpoint-mask[\w:-]*|aG9sZHBvaW50LW1hc2s6[A-Za-z0-9+/=]*/g, 'MASK')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"resourceVersion":"\d+"/g, (version) => (asked.path.includes('fieldSelector') ? 'VERSION' : version));
  return { code, shape };
}
