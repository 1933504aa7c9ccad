import { createHmac } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { AnswerMasking } from './answer-masking.ts';
import { parseFieldPath, type FieldPath } from './field-path.ts';
import { withReleases } from './helm-release.ts';
import { containsMaskToken, createMask } from './mask.ts';
import type { ReleaseCodec } from './release-codec.ts';
import { maskItem } from './mask-answer.ts';
import { restoreMasks } from './restore-masks.ts';

/** JSON, a document a line, is YAML enough here; the real one is proved where it is. */
const codec: ReleaseCodec = {
  open: (payload) => ({
    text: gunzipSync(Buffer.from(Buffer.from(payload, 'base64').toString(), 'base64')).toString(),
    base64Layers: 2,
  }),
  close: ({ text }) => Buffer.from(gzipSync(text).toString('base64')).toString('base64'),
  editYaml: (text, edit) =>
    text
      .split('\n---\n')
      .map((each) => {
        const document = JSON.parse(each) as JsonValue;
        const edited = edit(document);
        return edited === document ? each : JSON.stringify(edited);
      })
      .join('\n---\n'),
};
const mask = withReleases(
  createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
  codec,
);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** A structure to edit as a client does: any shape, by anybody's leave. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Editable = any;
const edited = (object: JsonValue, edit: (copy: Editable) => void): JsonValue => {
  const copy = JSON.parse(JSON.stringify(object)) as Editable;
  edit(copy);
  return copy as JsonValue;
};

const secret: JsonObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'prod', labels: { app: 'shop' } },
  type: 'Opaque',
  data: {
    user: base64('shop'),
    password: base64('hunter2 hunter2'),
    binary: Buffer.from([0, 255, 1]).toString('base64'),
  },
};
const applied: JsonObject = {
  ...secret,
  metadata: {
    name: 'db',
    namespace: 'prod',
    annotations: {
      [lastApplied]: `${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'prod' }, stringData: { password: 'older-than-that' } })}\n`,
    },
  },
};
const configMap: JsonObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'prod' },
  data: {
    'app.ini': 'host = db\npassword = s3cr3t-v4lue-1\nport = 5432\n',
    other: 'note = nothing\ntoken = 7h3-0ther-v4lue\n',
    plain: 'x',
  },
};
const deployment: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'prod' },
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: 'web',
            args: ['serve', '--api-token=abcDEF0123456789xyz'],
            env: [
              { name: 'MODE', value: 'fast' },
              { name: 'DB_PASSWORD', value: 's3cr3t-v4lue-1' },
            ],
          },
          { name: 'side', env: [{ name: 'DB_PASSWORD', value: 'an0ther-v4lue-2' }] },
        ],
      },
    },
  },
};
const manifestOf = (password: string): string =>
  [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shop' }, data: { password: base64(password) } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop' }, data: { greeting: 'hello' } },
  ]
    .map((each) => JSON.stringify(each))
    .join('\n---\n');
const releaseOf = (change: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'sh.helm.release.v1.shop.v1', namespace: 'prod', labels: { owner: 'helm', name: 'shop' } },
  type: 'helm.sh/release.v1',
  data: {
    release: codec.close({
      text: JSON.stringify({
        name: 'shop',
        namespace: 'prod',
        version: 1,
        info: { status: 'deployed', notes: 'Log in with correct-horse-battery.' },
        config: { shop: { first: 'correct-horse-battery' }, greeting: 'hello' },
        chart: { metadata: { name: 'shop' }, templates: [{ name: 't', data: base64('kind: {{ .x }}') }], values: {} },
        manifest: manifestOf('correct-horse-battery'),
        ...change,
      }),
      base64Layers: 2,
    }),
  },
});
const release = releaseOf({});
const openRelease = (object: JsonValue): JsonObject => {
  const data = isJsonObject(object) && isJsonObject(object.data) ? object.data : {};
  return JSON.parse(codec.open(String(data.release))?.text ?? '') as JsonObject;
};
const withRelease = (object: JsonValue, edit: (release: Editable) => void): JsonValue =>
  edited(object, (copy) => {
    const text = JSON.stringify(edited(openRelease(object), edit));
    copy.data.release = codec.close({ text, base64Layers: 2 });
  });

/** As the proxy masks, with policies that say nothing of it. */
const howOf = (object: JsonValue): AnswerMasking =>
  isJsonObject(object) && object.kind === 'Secret'
    ? { detectors: 'all', fields: [], assumed: { kind: 'Secret', namespace: 'prod' } }
    : { detectors: 'all', fields: [] };
const restored = (object: JsonValue, oldObject: JsonValue, how = howOf(oldObject)) =>
  restoreMasks({ object, oldObject, mask, how, codec });
const shown = (object: JsonValue, how = howOf(object)): Editable => maskItem(object, mask, how);

describe('what is written back where it was shown is the value again', () => {
  const none = (): void => undefined;
  test.each<[string, JsonObject, (copy: Editable) => void, string[]]>([
    ['a Secret as it was', secret, none, ['data.user', 'data.password', 'data.binary']],
    [
      'a Secret with a label',
      secret,
      (s) => (s.metadata.labels.new = 'x'),
      ['data.user', 'data.password', 'data.binary'],
    ],
    ['a Secret with a key changed', secret, (s) => (s.data.user = base64('me')), ['data.password', 'data.binary']],
    ['a Secret with a key removed', secret, (s) => delete s.data.user, ['data.password', 'data.binary']],
    ['a Secret with a key added', secret, (s) => (s.data.more = 'eA=='), ['data.user', 'data.password', 'data.binary']],
    [
      'a Secret that was applied',
      applied,
      none,
      [`metadata.annotations.${lastApplied}`, 'data.user', 'data.password', 'data.binary'],
    ],
    [
      'a line of a text changed',
      configMap,
      (c) => (c.data['app.ini'] = c.data['app.ini'].replace('5432', '5433')),
      ['data.app.ini', 'data.other'],
    ],
    [
      'a line put before it',
      configMap,
      (c) => (c.data['app.ini'] = `# mine\n${c.data['app.ini']}`),
      ['data.app.ini', 'data.other'],
    ],
    [
      "a credential of one's own beside it",
      configMap,
      (c) => (c.data['app.ini'] += 'api_token = 0wn-v4lue-XYZ123\n'),
      ['data.app.ini', 'data.other'],
    ],
    [
      'environment variables in another order',
      deployment,
      (d) => d.spec.template.spec.containers[0].env.reverse(),
      [
        'spec.template.spec.containers[web].args[]',
        'spec.template.spec.containers[web].env[DB_PASSWORD].value',
        'spec.template.spec.containers[side].env[DB_PASSWORD].value',
      ],
    ],
    [
      'a container put before it, and an argument',
      deployment,
      (d) => {
        d.spec.template.spec.containers.unshift({ name: 'new' });
        d.spec.template.spec.containers[1].args.unshift('-v');
      },
      [
        'spec.template.spec.containers[web].args[]',
        'spec.template.spec.containers[web].env[DB_PASSWORD].value',
        'spec.template.spec.containers[side].env[DB_PASSWORD].value',
      ],
    ],
    ['a Helm release as it was', release, none, ['data.release']],
  ])('%s', (_situation, object, edit, wantPlaces) => {
    const got = restored(edited(shown(object), edit), object);
    expect(got.object).toEqual(edited(object, edit));
    expect(got.places).toEqual(wantPlaces);
    expect(containsMaskToken(JSON.stringify(got.patch))).toBe(false);
  });

  test('a Helm release of which the status changed', () => {
    const got = restored(
      withRelease(shown(release), (r) => (r.info.status = 'superseded')),
      release,
    );
    expect(openRelease(got.object)).toEqual({
      ...openRelease(release),
      info: { status: 'superseded', notes: 'Log in with correct-horse-battery.' },
    });
  });

  test('the next Helm release, rendered from masked values: the Secret of its manifest, too', () => {
    const next = withRelease(shown(release), (r) => {
      r.version = 2;
      r.manifest = manifestOf(r.config.shop.first);
    });
    expect(openRelease(restored(next, release).object)).toEqual({ ...openRelease(release), version: 2 });
  });

  test('the next Helm release with --reuse-values, which makes the values given those of the chart', () => {
    const next = withRelease(shown(release), (r) => (r.chart.values = { ...r.config, more: 'x' }));
    expect(openRelease(restored(next, release).object)).toMatchObject({
      chart: { values: { shop: { first: 'correct-horse-battery' }, more: 'x' } },
    });
  });

  test.each<[string, string, boolean]>([
    ['under a name that tells: masked still, and so restored', 'password', true],
    ['under a name that does not: it would be shown, and so is refused', 'first', false],
  ])('the same with another password, of which the old one is no copy any more, %s', (_situation, key, want) => {
    const before = releaseOf({ config: { shop: { [key]: 'correct-horse-battery' } } });
    const next = withRelease(shown(before), (r) => {
      r.chart.values = r.config;
      r.config = { shop: { [key]: 'another-horse-battery' } };
      r.info.notes = '';
      r.manifest = manifestOf('another-horse-battery');
    });
    const got = openRelease(restored(next, before).object) as Editable;
    expect(got.chart.values.shop[key] === 'correct-horse-battery').toBe(want);
    expect(containsMaskToken(JSON.stringify(got))).toBe(!want);
  });

  test('what was last applied has the places of the object: a value that was never applied before', () => {
    const copy = shown(secret);
    const whole = JSON.stringify({ ...copy, data: { password: copy.data.password } });
    const got = restored(
      { ...secret, metadata: { name: 'db', namespace: 'prod', annotations: { [lastApplied]: whole } } },
      secret,
    );
    const annotation = ((got.object as JsonObject).metadata as Editable).annotations[lastApplied] as string;
    expect(JSON.parse(annotation)).toMatchObject({ data: { password: base64('hunter2 hunter2') } });
  });

  test('a value of `data`, written plain as stringData in what was applied', () => {
    const token = Buffer.from(shown(secret).data.password as string, 'base64').toString();
    const whole = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace: 'prod' },
      stringData: { password: token },
    });
    const got = restored(
      { ...secret, metadata: { name: 'db', namespace: 'prod', annotations: { [lastApplied]: whole } } },
      secret,
    );
    const annotation = ((got.object as JsonObject).metadata as Editable).annotations[lastApplied] as string;
    expect(JSON.parse(annotation)).toMatchObject({ stringData: { password: 'hunter2 hunter2' } });
  });
});

describe('a mask in any other place stays', () => {
  const passwordOf = (object: JsonValue): string => (object as Editable).data.password as string;
  test.each<[string, JsonObject, (copy: Editable) => void, string]>([
    ['under another key', secret, (s) => ([s.data.user, s.data.password] = [s.data.password, 'eA==']), 'data.user'],
    ['under a new key', secret, (s) => (s.data.copy = s.data.password), 'data.copy'],
    [
      'in a label',
      secret,
      (s) => (s.metadata.labels.x = Buffer.from(passwordOf(s), 'base64').toString()),
      'metadata.labels.x',
    ],
    [
      'of another Secret',
      { ...secret, metadata: { name: 'other', namespace: 'prod' } },
      (s) => (s.data = shown(secret).data),
      'data',
    ],
    ['forged', secret, (s) => (s.data.user = base64(`holdpoint-mask:v1:${'0'.repeat(32)}:4`)), 'data.user'],
    [
      'with something behind it',
      secret,
      (s) => (s.data.user = base64(`${Buffer.from(s.data.user, 'base64').toString()}0`)),
      'data.user',
    ],
    [
      'of another variable',
      deployment,
      (d) => (d.spec.template.spec.containers[0].env[0].value = d.spec.template.spec.containers[0].env[1].value),
      'env[MODE]',
    ],
    [
      'of another container',
      deployment,
      (d) => (d.spec.template.spec.containers[1].env[0].value = d.spec.template.spec.containers[0].env[1].value),
      'containers[side]',
    ],
    ['of another text', configMap, (c) => (c.data.plain = c.data.other), 'data.plain'],
  ])('%s', (_situation, object, edit, place) => {
    const written = edited(shown(object), edit);
    const got = restored(written, object);
    expect(containsMaskToken(JSON.stringify(got.object))).toBe(true);
    expect(got.places.some((each) => each.includes(place) && each !== 'data.other')).toBe(false);
  });

  test.each<[string, (text: string) => string]>([
    ['under a name that hides nothing', (text) => text.replace('password = ', 'motd ')],
    ['cut out of its line', (text) => text.replace('password = ', '')],
    ['longer by a digit, which would be a value with a digit', (text) => text.replace(/(holdpoint-mask:\S+)/, '$17')],
  ])('in its own text, but where it would be shown: %s', (_situation, edit) => {
    const written = edited(shown(configMap), (c) => (c.data['app.ini'] = edit(c.data['app.ini'] as string)));
    const got = restored(written, configMap);
    expect(JSON.stringify(got.object)).not.toContain('s3cr3t-v4lue-1');
    expect(containsMaskToken(JSON.stringify(got.object))).toBe(true);
  });

  test('in a Helm release, moved to the manifest of another object', () => {
    const written = withRelease(shown(release), (r) => {
      const [, configMapOf] = (r.manifest as string).split('\n---\n');
      r.manifest = `${r.manifest as string}\n---\n${(configMapOf ?? '').replace('hello', r.config.shop.first as string)}`;
    });
    const got = openRelease(restored(written, release).object);
    expect(containsMaskToken(JSON.stringify(got))).toBe(true);
  });
});

describe('what a policy names', () => {
  const pathOf = (text: string): FieldPath => {
    const parsed = parseFieldPath(text);
    if ('problem' in parsed) throw new Error(parsed.problem);
    return parsed.path;
  };
  const named = (...paths: string[]): AnswerMasking => ({ detectors: 'none', fields: paths.map(pathOf) });
  const account: JsonObject = {
    apiVersion: 'shop.example/v1',
    kind: 'Account',
    metadata: { name: 'a', namespace: 'prod' },
    spec: { owner: 'carol', pin: 4711, codes: ['alpha', 'beta'], tier: 'gold' },
  };

  test.each<[string, AnswerMasking, JsonObject, (copy: Editable) => void, string[]]>([
    ['a text', named('$.spec.owner'), account, (a) => (a.spec.tier = 'silver'), ['spec.owner']],
    ['a number', named('$.spec.pin'), account, (a) => (a.spec.tier = 'silver'), ['spec.pin']],
    [
      'the items of a list, in another order',
      named('$.spec.codes[*]'),
      account,
      (a) => a.spec.codes.reverse(),
      ['spec.codes[]', 'spec.codes[]'],
    ],
    ['a whole map', named('$.spec'), account, (a) => (a.metadata.labels = { a: 'b' }), []],
    ['at any depth', named('$..owner'), account, (a) => (a.spec.pin = 1), ['spec.owner']],
    [
      'a copy in what was last applied',
      named('$.spec.owner'),
      edited(account, (a) => (a.metadata.annotations = { [lastApplied]: JSON.stringify(account) })) as JsonObject,
      (a) => (a.spec.tier = 'silver'),
      [`metadata.annotations.${lastApplied}`, 'spec.owner'],
    ],
    [
      'beside what detectors find',
      { detectors: 'all', fields: [pathOf('$.data.plain')] },
      configMap,
      (c) => (c.data.more = 'y'),
      ['data.app.ini', 'data.other', 'data.plain'],
    ],
  ])('is the value again, written back where it was shown: %s', (_situation, how, object, edit, wantPlaces) => {
    const written = edited(shown(object, how), edit);
    expect(containsMaskToken(JSON.stringify(written))).toBe(true);
    const got = restored(written, object, how);
    expect(got.object).toEqual(edited(object, edit));
    if (wantPlaces.length > 0) expect(got.places).toEqual(wantPlaces);
  });

  test.each<[string, (copy: Editable) => void]>([
    ['in a field that is shown', (a) => (a.spec.tier = a.spec.owner)],
    ['in the place of another', (a) => ([a.spec.owner, a.spec.pin] = [a.spec.pin, a.spec.owner])],
  ])('stays a mask %s', (_situation, edit) => {
    const how = named('$.spec.owner', '$.spec.pin');
    const got = restored(edited(shown(account, how), edit), account, how);
    expect(containsMaskToken(JSON.stringify(got.object))).toBe(true);
  });

  test('and by nobody else: what was never shown masked is not restored', () => {
    const written = shown(account, named('$.spec.owner')) as JsonValue;
    expect(restored(written, account, howOf(account))).toEqual({ object: written, patch: [], places: [] });
  });
});

test.each<[string, AnswerMasking]>([
  ['without detectors, what looks like a secret is shown', { detectors: 'none', fields: [] }],
  ["with Helm's payloads alone, no text is masked", { detectors: 'packed', fields: [] }],
])('a mask that could not have been shown stays: %s', (_situation, how) => {
  const written = shown(configMap) as JsonValue;
  expect(restored(written, configMap, how)).toEqual({ object: written, patch: [], places: [] });
});

test('where nothing is masked, nothing is restored', () => {
  const written = shown(configMap) as JsonValue;
  const input = { object: written, oldObject: configMap, mask, how: undefined, codec };
  expect(restoreMasks(input)).toEqual({ object: written, patch: [], places: [] });
});

test('a value that has changed since it was read is not overwritten by what it was', () => {
  const written = shown(secret);
  const now = edited(secret, (s) => (s.data.password = base64('changed meanwhile')));
  const got = restored(written, now);
  expect((got.object as Editable).data.password).toBe(written.data.password);
  expect((got.object as Editable).data.user).toBe((secret.data as JsonObject).user);
});

test.each<[string, JsonValue, JsonValue]>([
  ['nothing to restore from', shown(secret) as JsonValue, null],
  ['no object', null, secret],
  ['no masks', secret, secret],
])('%s: comes back as it is', (_situation, object, oldObject) => {
  expect(restored(object, oldObject)).toEqual({ object, patch: [], places: [] });
});

const value = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
test('any Secret survives being read and written back, applied or not', () => {
  const anySecret = fc
    .record({
      data: fc.dictionary(fc.string(), value),
      stringData: fc.dictionary(fc.string(), value),
      isApplied: fc.boolean(),
    })
    .map(({ data, stringData, isApplied }) => {
      const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'n', namespace: 's' } };
      const annotations = isApplied ? { [lastApplied]: JSON.stringify({ ...body, stringData, data: encoded }) } : {};
      return { ...body, metadata: { ...body.metadata, annotations }, data: encoded } as JsonObject;
    });
  fc.assert(
    fc.property(anySecret, (object) => {
      expect(restored(shown(object) as JsonValue, object).object).toEqual(object);
    }),
  );
});

describe('copies', () => {
  const copied: JsonObject = {
    ...secret,
    metadata: {
      name: 'db',
      namespace: 'prod',
      labels: { app: 'shop' },
      annotations: { note: 'it is hunter2 hunter2', packed: base64('hunter2 hunter2') },
    },
  };
  const box: JsonObject = {
    apiVersion: 'example.com/v1',
    kind: 'Box',
    metadata: {
      name: 'b',
      managedFields: [{ fieldsV1: { 'f:spec': { 'f:tokens': { 'v:"hunter2\\"x"': {}, '.': {} } } } }],
    },
    spec: { tokens: ['hunter2"x'], colour: 'red' },
  };

  test.each([
    ['a Secret’s value in its annotations', copied],
    ['an item of a set in managedFields', box],
  ])('%s, read, changed and written back: restored', (_situation, oldObject) => {
    const read = shown(oldObject);
    expect(JSON.stringify(read)).not.toContain('hunter2');
    const change = (copy: Editable): void => {
      copy.metadata.labels = { changed: 'yes' };
    };
    const { object } = restored(edited(read, change), oldObject);
    expect(object).toEqual(edited(oldObject, change));
  });

  test('a Secret’s value changed beside its copy: nothing is restored, because the copy would be shown', () => {
    const written = edited(shown(copied), (copy) => {
      copy.data.password = base64('another value 1');
    });
    const { object, patch } = restored(written, copied);
    expect({ object, patch }).toEqual({ object: written, patch: [] });
  });
});
