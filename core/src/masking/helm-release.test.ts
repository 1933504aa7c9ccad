import { createHmac } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { createMaskFinder, maskedPlaces } from './find-mask-tokens.ts';
import { maskHelmRelease, withReleases } from './helm-release.ts';
import { maskObject } from './mask-object.ts';
import { createMask, isMaskToken } from './mask.ts';
import type { ReleaseCodec } from './release-codec.ts';

const open = (payload: string): string => gunzipSync(Buffer.from(payload, 'base64')).toString();
const codec: ReleaseCodec = {
  open: (payload) =>
    payload.startsWith('SDRzS') ? { text: open(decoded(payload)), base64Layers: 2 } : opened(payload),
  close: ({ text, base64Layers }) =>
    base64Layers === 1 ? gzipSync(text).toString('base64') : base64(gzipSync(text).toString('base64')),
  // JSON is YAML enough here.
  editYaml(text, edit) {
    try {
      const document = JSON.parse(text) as JsonValue;
      const edited = edit(document);
      return edited === document ? text : JSON.stringify(edited);
    } catch {
      return undefined;
    }
  },
};
function opened(payload: string) {
  return payload.startsWith('H4sI') ? ({ text: open(payload), base64Layers: 1 } as const) : undefined;
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const decoded = (text: string): string => Buffer.from(text, 'base64').toString();
const mask = withReleases(
  createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
  codec,
);

const value = 'correct-horse-battery';
const release: JsonObject = {
  name: 'shop',
  namespace: 'dev',
  version: 3,
  info: {
    status: 'deployed',
    last_deployed: '2026-01-01T00:00:00Z',
    notes: `Log in with ${value}.`,
    description: 'Done',
  },
  chart: {
    metadata: { name: 'shop', version: '0.1.0' },
    schema: base64('{}'),
    templates: [
      { name: 't', data: base64(`kind: ConfigMap # ${value}`) },
      { name: 'u', data: base64('kind: {{ .x }}') },
    ],
    files: [{ name: 'k', data: Buffer.from([0, 255]).toString('base64') }],
    values: { first: value, apiToken: '7h3-ch4rt-0wn-v4lue' },
  },
  config: { first: value, url: `postgres://${value}@db`, greeting: 'hello', pin: 12345678 },
  hooks: [
    {
      name: 'h',
      manifest: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'hook' },
        stringData: { pin: '12345678' },
      }),
    },
  ],
  manifest: JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shop' },
    data: { password: base64(value) },
  }),
};
const payload = codec.close({ text: JSON.stringify(release), base64Layers: 1 });
const masked = (packed: string): JsonObject =>
  JSON.parse(codec.open(maskHelmRelease(packed, mask, codec) ?? '')?.text ?? '') as JsonObject;
const token = mask.ofText({ namespace: 'dev', name: 'shop', key: 'password' }, value);
const pinToken = mask.ofText({ namespace: 'dev', name: 'hook', key: 'pin' }, '12345678');

describe('a Helm release', () => {
  test('has in its manifests the masks of its Secrets, the same in every copy, and is itself else', () => {
    const got = masked(payload);
    expect(JSON.parse(got.manifest as string)).toMatchObject({ data: { password: base64(token) } });
    expect(JSON.parse((got.hooks as { manifest: string }[])[0]?.manifest ?? '')).toMatchObject({
      stringData: { pin: pinToken },
    });
    expect(got.config).toEqual({ first: token, url: `postgres://${token}@db`, greeting: 'hello', pin: pinToken });
    expect(got.info).toEqual({ ...(release.info as JsonObject), notes: `Log in with ${token}.` });
    const { templates, files, values, metadata, schema } = got.chart as Record<
      string,
      { data: string; apiToken: string; first: string }[]
    > & { values: Record<string, string> };
    expect(templates?.map(({ data }) => decoded(data))).toEqual([`kind: ConfigMap # ${token}`, 'kind: {{ .x }}']);
    expect(isMaskToken(decoded(files?.[0]?.data ?? ''))).toBe(true);
    expect(values.first).toBe(token);
    expect(isMaskToken(values.apiToken ?? '')).toBe(true);
    expect({ metadata, schema }).toEqual({ metadata: { name: 'shop', version: '0.1.0' }, schema: base64('{}') });
    for (const field of ['name', 'namespace', 'version']) expect(got[field]).toBe(release[field]);
  });

  test('is the same payload each time, and its own mask', () => {
    const once = maskHelmRelease(payload, mask, codec) ?? '';
    expect(maskHelmRelease(payload, mask, codec)).toBe(once);
    expect(maskHelmRelease(once, mask, codec)).toBe(once);
  });

  test.each<[string, string]>([
    ['no payload', 'hello'],
    ['something else that is packed', codec.close({ text: `{"more":"${'x'.repeat(200)}"}`, base64Layers: 1 })],
    ['no JSON', codec.close({ text: `no JSON ${'abcdefghijklmnopqrstuvwxyz'.repeat(9)}`, base64Layers: 1 })],
  ])('%s: is none', (_situation, text) => {
    expect(maskHelmRelease(text, mask, codec)).toBeUndefined();
  });

  test('whose manifest cannot be read: that is masked as a whole', () => {
    const broken = codec.close({ text: JSON.stringify({ ...release, manifest: 'a: b: c' }), base64Layers: 1 });
    expect(isMaskToken(masked(broken).manifest as string)).toBe(true);
  });

  test('in a Secret, by what it is and not by its key; without a codec it is one value', () => {
    const twice = codec.close({ text: JSON.stringify(release), base64Layers: 2 });
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x', namespace: 'dev' },
      data: { any: twice },
    };
    const shownBy = (by: typeof mask): string => (maskObject(secret, by) as { data: { any: string } }).data.any;
    expect(JSON.parse(codec.open(shownBy(mask))?.text ?? '')).toMatchObject({ config: { first: token } });
    const { maskPayload: _codec, ...plain } = mask;
    expect(isMaskToken(decoded(shownBy(plain)))).toBe(true);
  });
});

describe('masks are found', () => {
  const containsMask = createMaskFinder(codec);
  const object = { data: { a: 'x', b: base64(token), list: [{ name: 'n', value: `say ${token}` }] } };
  test('in a text, and within a release', () => {
    expect(containsMask(JSON.stringify(object))).toBe(true);
    expect(containsMask(JSON.stringify({ release: maskHelmRelease(payload, mask, codec) }))).toBe(true);
    expect(containsMask(JSON.stringify({ release: payload }))).toBe(false);
  });

  test('and told by their places, the first five', () => {
    expect(maskedPlaces(object, containsMask)).toEqual(['data.b', 'data.list[n].value']);
    expect(maskedPlaces({ many: Array.from({ length: 9 }, () => ({ x: token })) }, containsMask)).toHaveLength(5);
  });
});
