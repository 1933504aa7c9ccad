import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import type { Operation } from '../policy/access-policy.ts';
import { changeOf } from './change.ts';
import { digestOf } from './digest.ts';

const hmac = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');

interface Write {
  username: string;
  operation: Operation;
  resource: { group: string; version: string; resource: string };
  subresource: string;
  namespace: string;
  name: string;
  object: JsonValue;
  oldObject: JsonValue;
  options?: JsonValue;
}
const changeIn = ({ operation, object, oldObject, options = null }: Write) =>
  changeOf({ operation, object, oldObject, options });
const digest = (write: Write): string => digestOf({ ...write, change: changeIn(write) }, hmac);

const pod: Write = {
  username: 'bot',
  operation: 'CREATE',
  resource: { group: '', version: 'v1', resource: 'pods' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  object: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { volumes: [], containers: [{ image: 'a', volumeMounts: [] }] },
  },
  oldObject: null,
};
const deployment = (replicas: number, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...more },
  spec: { replicas },
});
const update: Write = {
  ...pod,
  operation: 'UPDATE',
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  object: deployment(5),
  oldObject: deployment(3),
};
const remove: Write = { ...update, operation: 'DELETE', object: null, oldObject: deployment(3, { uid: 'u-1' }) };
const exec: Write = { ...pod, operation: 'CONNECT', subresource: 'exec', object: { command: ['sh'], tty: true } };

/** What the API server and time add to the metadata of any object, different at every attempt. */
const noise = fc.record(
  {
    uid: fc.uuid(),
    resourceVersion: fc.nat().map(String),
    generation: fc.nat(),
    creationTimestamp: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    selfLink: fc.string(),
    managedFields: fc.array(fc.record({ manager: fc.string(), time: fc.string() })) as fc.Arbitrary<JsonValue>,
  },
  { requiredKeys: [] },
);
const suffix = fc.stringMatching(/^[a-z0-9]{5}$/);
/** What the API server draws from: see generated-name.ts. */
const drawn = fc.stringMatching(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);

function withNoise(object: JsonValue, more: JsonObject): JsonObject {
  const { metadata, ...rest } = object as JsonObject;
  return { ...rest, metadata: { ...more, ...(metadata as JsonObject) } };
}

function withToken(object: JsonObject, name: string): JsonObject {
  const sources: JsonValue[] = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ];
  const mount = { name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  return {
    ...object,
    spec: {
      volumes: [{ name, projected: { defaultMode: 420, sources } }],
      containers: [{ image: 'a', volumeMounts: [mount] }],
    },
  };
}

describe('digestOf', () => {
  test('its form: hmac-sha256 and 64 hex digits, keyed', () => {
    expect(digest(update)).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
    const otherKey = (text: string): string => createHmac('sha256', 'other').update(text).digest('hex');
    const input = { ...update, change: changeIn(update) };
    expect(digestOf(input, otherKey)).not.toBe(digestOf(input, hmac));
  });

  test('what is covered, to the letter', () => {
    expect(digestOf({ ...update, change: changeIn(update) }, (text) => text)).toBe(
      'hmac-sha256:{"change":{"patch":[{"oldValue":3,"op":"replace","path":"/spec/replicas","value":5}],"type":"Update"},' +
        '"name":"web","namespace":"prod","operation":"UPDATE","resource":{"group":"apps","resource":"deployments","version":"v1"},' +
        '"subresource":"","username":"bot"}',
    );
  });

  test('a create under any noise, with any token volume: the same digest', () => {
    const plain = digest(pod);
    fc.assert(
      fc.property(noise, suffix, (more, five) => {
        const noisy = withToken(withNoise(pod.object, more), `kube-api-access-${five}`);
        expect(digest({ ...pod, object: noisy })).toBe(plain);
      }),
    );
  });

  test('an update under any noise on either side: the same digest', () => {
    const plain = digest(update);
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const noisy = { object: withNoise(update.object, after), oldObject: withNoise(update.oldObject, before) };
        expect(digest({ ...update, ...noisy })).toBe(plain);
      }),
    );
  });

  test('a create with any generated name: the same digest', () => {
    const generated = (name: string): Write => ({
      ...pod,
      name: '',
      object: withNoise({ metadata: { generateName: 'web-', name } }, {}),
    });
    fc.assert(
      fc.property(drawn, drawn, (one, two) => {
        expect(digest(generated(`web-${one}`))).toBe(digest(generated(`web-${two}`)));
      }),
    );
  });

  test('a delete of the same object, changed since: the same digest; of a namesake: another', () => {
    fc.assert(
      fc.property(noise, fc.nat(), (more, replicas) => {
        const changed = withNoise(deployment(replicas, { uid: 'u-1' }), more);
        expect(digest({ ...remove, oldObject: changed })).toBe(digest(remove));
        expect(digest({ ...remove, oldObject: deployment(3, { uid: 'u-2' }) })).not.toBe(digest(remove));
      }),
    );
  });

  test.each<{ situation: string; options: JsonValue }>([
    { situation: 'preconditions only narrow it', options: { preconditions: { uid: 'u-1' } } },
    { situation: 'a dry run of it', options: { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] } },
  ])('a delete, $situation: the same digest', ({ options }) => {
    expect(digest({ ...remove, options })).toBe(digest(remove));
  });

  test('a Grant, stamped with the time of each attempt: the same digest', () => {
    const asked = (status: JsonObject): Write => ({
      ...pod,
      object: {
        apiVersion: 'holdpoint.dev/v1alpha1',
        kind: 'Grant',
        metadata: { name: 'g' },
        spec: { a: 1 },
        ...status,
      },
    });
    expect(digest(asked({ status: { grantedAt: 'later' } }))).toBe(digest(asked({})));
  });

  test('any two different contents: two digests; the same content: one', () => {
    const content = fc.jsonValue() as fc.Arbitrary<JsonValue>;
    const configMap = (data: JsonValue): Write => ({
      ...pod,
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data },
    });
    fc.assert(
      fc.property(content, content, (one, two) => {
        const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(two));
        expect(digest(configMap(one)) === digest(configMap(two))).toBe(isSame);
      }),
    );
  });

  const rows: { situation: string; write: Write; other: Partial<Write> }[] = [
    { situation: 'somebody else asks', write: update, other: { username: 'bot2' } },
    { situation: 'another name', write: update, other: { name: 'api' } },
    { situation: 'another namespace', write: update, other: { namespace: 'prod2' } },
    {
      situation: 'namespace and name shifted by a letter',
      write: { ...update, namespace: 'ab', name: 'c' },
      other: { namespace: 'a', name: 'bc' },
    },
    { situation: 'a subresource', write: update, other: { subresource: 'scale' } },
    { situation: 'another group', write: update, other: { resource: { ...update.resource, group: 'extensions' } } },
    { situation: 'another version', write: update, other: { resource: { ...update.resource, version: 'v1beta1' } } },
    {
      situation: 'another resource',
      write: update,
      other: { resource: { ...update.resource, resource: 'statefulsets' } },
    },
    { situation: '3 → 5 asked, and it is 10 by now', write: update, other: { oldObject: deployment(10) } },
    { situation: '3 → 5 asked, 3 → 6 sent', write: update, other: { object: deployment(6) } },
    { situation: 'one annotation more', write: update, other: { object: deployment(5, { annotations: { a: 'b' } }) } },
    { situation: 'one finalizer more', write: update, other: { object: deployment(5, { finalizers: ['x'] }) } },
    { situation: 'another command', write: exec, other: { object: { command: ['sh', '-c', 'id'], tty: true } } },
    { situation: 'another option', write: exec, other: { object: { command: ['sh'], tty: false } } },
    {
      situation: 'its dependents stay behind',
      write: remove,
      other: { options: { kind: 'DeleteOptions', propagationPolicy: 'Orphan' } },
    },
    { situation: 'the older way to say so', write: remove, other: { options: { orphanDependents: true } } },
    { situation: 'by force', write: remove, other: { options: { gracePeriodSeconds: 0 } } },
    { situation: 'attach, not exec', write: exec, other: { subresource: 'attach' } },
    {
      situation: 'a Secret hidden in the token volume',
      write: { ...pod, object: withToken(pod.object as JsonObject, 'kube-api-access-abcde') },
      other: { object: withSecret() },
    },
    { situation: 'a number for a string', write: pod, other: { object: { ...(pod.object as JsonObject), x: 1 } } },
  ];
  test.each(rows)('$situation: another digest', ({ write, other }) => {
    expect(digest({ ...write, ...other })).not.toBe(digest(write));
  });
});

function withSecret(): JsonObject {
  const object = structuredClone(withToken(pod.object as JsonObject, 'kube-api-access-abcde'));
  const spec = object['spec'] as { volumes: { projected: { sources: JsonValue[] } }[] };
  spec.volumes[0]?.projected.sources.push({ secret: { name: 'db' } });
  return object;
}

/** Keys in one order; written apart from canonicalJson, which is under test. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)])
    .concat([['object', '']]);
}

test('the permission that it is made with: another one is another question; none is none', () => {
  const of = (elevated: readonly string[]): string => digestOf({ ...update, change: changeIn(update), elevated }, hmac);
  expect(of([])).toBe(digest(update));
  expect(new Set([of([]), of(['holdpoint:a']), of(['holdpoint:b']), of(['holdpoint:a', 'holdpoint:b'])]).size).toBe(4);
});
