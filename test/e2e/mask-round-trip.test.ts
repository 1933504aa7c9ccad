import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hold, JsonObject, JsonValue } from '@holdpoint/core';
import { pendingHold, startScenario, type CommandResult, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What an agent reads masked and writes back, with unmodified kubectl: the real values stay as they are. */
describe('the round trip of masks', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const agent = (args: readonly string[], input?: string, namespace = 'dev'): Promise<CommandResult> =>
    stack.kubectl('agent', ['-n', namespace, ...args], input === undefined ? {} : { input });
  const admin = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await stack.kubectl('admin', args, input === undefined ? {} : { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const real = async (kind: string, name: string, namespace = 'dev'): Promise<JsonObject> =>
    JSON.parse(await admin(['get', kind, name, '-n', namespace, '-o', 'json'])) as JsonObject;
  const dataOf = async (name: string, namespace = 'dev'): Promise<JsonValue> =>
    (await real('secret', name, namespace)).data ?? null;
  /** As a client stores it in a file: what only the server writes is not in there. */
  const readMasked = async (name: string): Promise<string> => {
    const { stdout } = await agent(['get', 'secret', name, '-o', 'json']);
    const object = JSON.parse(stdout) as { metadata: JsonObject };
    for (const field of ['resourceVersion', 'uid', 'creationTimestamp']) Reflect.deleteProperty(object.metadata, field);
    expect(stdout).toContain(base64('holdpoint-mask:v1:').slice(0, 20));
    return JSON.stringify(object, null, 2);
  };
  const values = { user: base64('shop'), password: base64('correct-horse-battery-staple'), pem: base64('a\nb\n') };
  const create = (name: string, more: JsonObject = {}): Promise<string> => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'dev' }, data: values, ...more };
    return admin(['create', '-f', '-'], JSON.stringify(secret));
  };
  /** What is read masked, with one value replaced and a label set. */
  const withNewUser = (masked: string): string => {
    const object = JSON.parse(masked) as { metadata: JsonObject; data: JsonObject };
    object.data['user'] = base64('renamed');
    object.metadata['labels'] = { seen: 'yes' };
    return JSON.stringify(object);
  };

  test.each([
    { situation: 'apply', args: ['apply', '-f', '-'] },
    { situation: 'apply --server-side', args: ['apply', '--server-side', '--force-conflicts', '-f', '-'] },
    { situation: 'replace', args: ['replace', '-f', '-'] },
  ])(
    '$situation of what was read, with one value changed',
    async ({ situation, args }) => {
      const name = situation.replaceAll(/[ -]+/g, '-');
      await create(name);
      const masked = await readMasked(name);
      expect(await agent(args, withNewUser(masked))).toMatchObject({ code: 0 });
      expect(await dataOf(name)).toEqual({ ...values, user: base64('renamed') });
      // Again as it is, and as a dry run: nothing is changed, and what the dry run shows is masked.
      expect(await agent(args, await readMasked(name))).toMatchObject({ code: 0 });
      const dry = await agent([...args, '--dry-run=server', '-o', 'json'], await readMasked(name));
      expect(dry).toMatchObject({ code: 0 });
      expect(dry.stdout).not.toContain(values.password);
      expect(await dataOf(name)).toEqual({ ...values, user: base64('renamed') });
      expect(JSON.stringify(await real('secret', name))).not.toContain(base64('holdpoint-mask:').slice(0, 16));
    },
    120_000,
  );

  test('apply --server-side of unchanged values is no conflict with who owns them', async () => {
    await create('owned');
    const { code, stderr } = await agent(['apply', '--server-side', '-f', '-'], await readMasked('owned'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await dataOf('owned')).toEqual(values);
  }, 120_000);

  test('what was last applied is kept with its real values', async () => {
    await create('applied');
    expect(await agent(['apply', '-f', '-'], await readMasked('applied'))).toMatchObject({ code: 0 });
    const { metadata } = await real('secret', 'applied');
    const annotations = (metadata as JsonObject)['annotations'] as Record<string, string>;
    expect((JSON.parse(annotations[lastApplied] ?? '') as JsonObject)['data']).toEqual(values);
  }, 120_000);

  test('edit: one line of what is in the editor', async () => {
    await create('edited');
    const editor = join(stack.dir, 'editor.sh');
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/^  user: .*/  user: ${base64('edited')}/' "$1"\n`, { mode: 0o755 });
    const edit = stack.kubectlStart('agent', ['-n', 'dev', 'edit', 'secret', 'edited'], { env: { EDITOR: editor } });
    expect(await edit.finished).toMatchObject({ code: 0 });
    expect(await dataOf('edited')).toEqual({ ...values, user: base64('edited') });
  }, 120_000);

  test('patches of every type, labels, annotations', async () => {
    await create('patched');
    const token = (JSON.parse(await readMasked('patched')) as { data: { password: string } }).data.password;
    const both = JSON.stringify({ data: { user: base64('patched'), password: token } });
    const replace = JSON.stringify([{ op: 'replace', path: '/data/password', value: token }]);
    const plain = JSON.stringify({ stringData: { password: Buffer.from(token, 'base64').toString() } });
    for (const args of [
      ['patch', 'secret', 'patched', '--type', 'merge', '-p', both],
      ['patch', 'secret', 'patched', '--type', 'strategic', '-p', both],
      ['patch', 'secret', 'patched', '--type', 'json', '-p', replace],
      ['patch', 'secret', 'patched', '--type', 'merge', '-p', plain],
      ['label', 'secret', 'patched', 'a=b'],
      ['annotate', 'secret', 'patched', 'c=d'],
    ]) {
      expect(await agent(args)).toMatchObject({ code: 0 });
      expect(await dataOf('patched')).toEqual({ ...values, user: base64('patched') });
    }
  }, 180_000);

  test('an immutable Secret is labelled and applied, and a key that goes, goes', async () => {
    await create('immutable', { immutable: true });
    const labelled = JSON.parse(await readMasked('immutable')) as { metadata: JsonObject };
    labelled.metadata['labels'] = { a: 'b' };
    expect(await agent(['apply', '-f', '-'], JSON.stringify(labelled))).toMatchObject({ code: 0 });
    expect(await dataOf('immutable')).toEqual(values);

    await create('shrunk');
    const fewer = JSON.parse(await readMasked('shrunk')) as { data: JsonObject };
    delete fewer.data['user'];
    expect(await agent(['replace', '-f', '-'], JSON.stringify(fewer))).toMatchObject({ code: 0 });
    expect(await dataOf('shrunk')).toEqual({ password: values.password, pem: values.pem });
  }, 120_000);

  describe('what is refused, and changes nothing', () => {
    const moved = (object: { metadata: JsonObject; data: JsonObject }) => {
      object.data['user'] = object.data['password'] ?? '';
    };
    const rows = [
      { situation: 'a mask under another key', edit: moved, args: ['replace', '-f', '-'], want: 'at data.user, which' },
      {
        situation: 'a forged mask',
        edit: ({ data }) => {
          data['user'] = base64(`holdpoint-mask:v1:${'0'.repeat(32)}:4`);
        },
        args: ['apply', '-f', '-'],
        want: 'data.user, which did not come from there',
      },
      {
        situation: 'a copy under another name',
        edit: ({ metadata }) => {
          metadata['name'] = 'copied';
        },
        args: ['create', '-f', '-'],
        want: 'a new object has no value that it could stand for',
      },
      {
        situation: 'the same, applied',
        edit: ({ metadata }) => {
          metadata['name'] = 'copied';
        },
        args: ['apply', '--server-side', '-f', '-'],
        want: 'a new object has no value that it could stand for',
      },
      {
        situation: 'replace --force, before it has deleted anything',
        edit: () => undefined,
        args: ['replace', '--force', '-f', '-'],
        want: 'kubectl replace --force deletes first',
      },
    ] satisfies {
      situation: string;
      edit: (object: { metadata: JsonObject; data: JsonObject }) => void;
      args: string[];
      want: string;
    }[];
    beforeAll(() => create('kept'), 120_000);
    test.each(rows)(
      '$situation',
      async ({ edit, args, want }) => {
        const object = JSON.parse(await readMasked('kept')) as { metadata: JsonObject; data: JsonObject };
        edit(object);
        const { code, stderr } = await agent(args, JSON.stringify(object));
        expect({ code, isTold: stderr.includes(want), stderr }).toMatchObject({ code: 1, isTold: true });
        expect(await dataOf('kept')).toEqual(values);
        expect(await admin(['get', 'secrets', '-n', 'dev', '-o', 'name'])).not.toContain('copied');
      },
      120_000,
    );
  });

  test('a held write: the hold shows what changed and no value, and what is approved is the real object', async () => {
    const { stdout } = await agent(['get', 'secret', 'db-credentials', '-o', 'json'], undefined, 'prod');
    const before = await dataOf('db-credentials', 'prod');
    const masked = JSON.parse(stdout) as { metadata: JsonObject };
    masked.metadata['labels'] = { team: 'shop' };
    const replacing = stack.kubectlStart('agent', ['replace', '-n', 'prod', '-f', '-'], {
      input: JSON.stringify(masked),
    });
    const name = await eventually('a hold', () => pendingHold(stack, 'db-credentials'));
    const hold = JSON.parse(await admin(['get', 'hold', name, '-o', 'json'])) as unknown as Hold;
    // kubectl writes down what it applied last, too, where that was ever written down.
    const { change } = hold.spec;
    const paths = change.type === 'Update' ? change.patch.map(({ path }) => path) : [];
    const annotation = `/metadata/annotations/${lastApplied.replace('/', '~1')}`;
    expect(paths.filter((path) => path !== annotation)).toEqual(['/metadata/labels']);
    const { password = '' } = before as Record<string, string>;
    expect(JSON.stringify(hold.spec)).not.toContain(password);
    expect(JSON.stringify(hold.spec)).not.toContain(Buffer.from(password, 'base64').toString());
    await stack.approvals('approver', ['approve', name]);
    expect(await replacing.finished).toMatchObject({ code: 0 });
    expect(await dataOf('db-credentials', 'prod')).toEqual(before);
  }, 180_000);

  /** What the detectors find, and what a policy names, in objects of any kind. */
  describe('masks in other objects', () => {
    const withColour = (configMap: JsonObject, colour: string): JsonObject => ({
      ...configMap,
      data: { ...(configMap['data'] as JsonObject), colour },
    });
    const shown = async (kind: string, name: string): Promise<JsonObject> => {
      const { code, stdout, stderr } = await agent(['get', kind, name, '-o', 'json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout) as JsonObject;
    };

    test('a ConfigMap of which another line is edited', async () => {
      const ini = 'host = db\npassword = s3cr3t-v4lue-1\nport = 5432\n';
      await admin(['create', 'configmap', 'settings', '-n', 'dev', `--from-literal=app.ini=${ini}`]);
      const text = JSON.stringify(await shown('configmap', 'settings'));
      expect(text).not.toContain('s3cr3t-v4lue-1');
      expect(await agent(['replace', '-f', '-'], text.replace('5432', '5433'))).toMatchObject({ code: 0 });
      expect((await real('configmap', 'settings'))['data']).toEqual({ 'app.ini': ini.replace('5432', '5433') });
      const now = JSON.stringify(await shown('configmap', 'settings'));
      expect(now).not.toContain('s3cr3t-v4lue-1');
      const exposing = now.replace('password = ', 'motd ');
      expect(await agent(['replace', '-f', '-'], exposing)).toMatchObject({ code: 1 });
      expect((await real('configmap', 'settings'))['data']).toEqual({ 'app.ini': ini.replace('5432', '5433') });
    }, 120_000);

    test('a field that a policy names: edited beside, applied, moved, and in a hold', async () => {
      const policy = {
        apiVersion: 'holdpoint.dev/v1alpha1',
        kind: 'AccessPolicy',
        metadata: { name: 'named-fields' },
        spec: {
          subjects: [{ kind: 'Group', name: 'ai-agents' }],
          defaultAction: 'Allow',
          reads: { defaultAction: 'Allow' },
          masking: {
            fields: [
              { apiGroups: [''], resources: ['configmaps'], paths: ['$.data.motd'] },
              { apiGroups: [''], resources: ['services'], paths: ['$.spec.ports[*].nodePort'] },
            ],
          },
        },
      };
      const data = { motd: 'swordfish', colour: 'red' };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', data };
      for (const namespace of ['dev', 'prod']) {
        await admin(['create', '-f', '-'], JSON.stringify({ ...object, metadata: { name: 'named', namespace } }));
      }
      await admin(['create', '-f', '-'], JSON.stringify(policy));
      await admin(['wait', '--for=condition=Enforced', 'accesspolicy/named-fields', '--timeout=60s']);
      const masked = await eventually('the field is masked', async () => {
        const text = JSON.stringify(await shown('configmap', 'named'));
        return text.includes('swordfish') ? undefined : text;
      });
      for (const [args, colour] of [
        [['replace', '-f', '-'], 'green'],
        [['apply', '--server-side', '--force-conflicts', '-f', '-'], 'blue'],
      ] as const) {
        const written = JSON.parse(masked) as { metadata: JsonObject; data: JsonObject };
        for (const field of ['resourceVersion', 'uid', 'creationTimestamp', 'managedFields']) {
          Reflect.deleteProperty(written.metadata, field);
        }
        written.data['colour'] = colour;
        const { code, stderr } = await agent(args, JSON.stringify(written));
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect((await real('configmap', 'named'))['data']).toEqual({ motd: 'swordfish', colour });
      }
      const moved = JSON.parse(masked) as { metadata: JsonObject; data: JsonObject };
      Reflect.deleteProperty(moved.metadata, 'resourceVersion');
      moved.data['colour'] = moved.data['motd'] ?? '';
      const refused = await agent(['replace', '-f', '-'], JSON.stringify(moved));
      expect(refused.stderr).toContain('at data.colour, which did not come from there');

      // A number, whose mask no typed object can hold.
      await admin(['create', 'service', 'nodeport', 'named', '-n', 'dev', '--tcp=80']);
      const nodePortOf = (service: JsonObject): JsonValue =>
        (service['spec'] as { ports: [{ nodePort: JsonValue }] }).ports[0].nodePort;
      const nodePort = nodePortOf(await real('service', 'named'));
      const service = await shown('service', 'named');
      expect(nodePortOf(service)).toMatch(/^holdpoint-mask:v1:/);
      const replaced = await agent(
        ['replace', '-f', '-'],
        JSON.stringify({ ...service, metadata: { ...(service['metadata'] as JsonObject), labels: { seen: 'yes' } } }),
      );
      expect(replaced).toMatchObject({ code: 0, stderr: '' });
      const stored = await real('service', 'named');
      expect({ nodePort: nodePortOf(stored), labels: (stored['metadata'] as JsonObject)['labels'] }).toEqual({
        nodePort,
        labels: { seen: 'yes' },
      });

      // What is written from here on is masked in the record as well, whoever wrote it, and what the webhook put back with it.
      await admin(['patch', 'configmap', 'named', '-n', 'dev', '--type=merge', '-p', '{"data":{"motd":"halibut"}}']);
      const plaid = withColour(await shown('configmap', 'named'), 'plaid');
      expect(await agent(['replace', '-f', '-'], JSON.stringify(plaid))).toMatchObject({ code: 0 });
      expect((await real('configmap', 'named'))['data']).toEqual({ motd: 'halibut', colour: 'plaid' });
      const rows = async (containing: string): Promise<string> => {
        const texts = 'concat(request_body, response_body, toString(annotations))';
        const sql = `SELECT count() FROM audit_events WHERE source = 'apiserver' AND name = 'named' AND ${texts} LIKE '%${containing}%'`;
        return (await stack.approvals('approver', ['sql', sql, '--format', 'TSV'])).stdout.trim();
      };
      await eventually('the write is in the record', async () => Number(await rows('plaid')) > 0 || undefined);
      expect(await rows('halibut')).toBe('0');
      await admin(['patch', 'configmap', 'named', '-n', 'dev', '--type=merge', '-p', '{"data":{"motd":"swordfish"}}']);

      const held = stack.kubectlStart(
        'agent',
        'patch configmap named -n prod --type=merge -p {"data":{"colour":"green"}}'.split(' '),
      );
      const name = await eventually('a hold', () => pendingHold(stack, 'named'));
      expect(await admin(['get', 'hold', name, '-o', 'json'])).not.toContain('swordfish');
      await stack.approvals('approver', ['approve', name]);
      expect(await held.finished).toMatchObject({ code: 0 });
      expect((await real('configmap', 'named', 'prod'))['data']).toEqual({ ...data, colour: 'green' });
    }, 180_000);

    test('a Deployment with a masked variable: set env, set image, rollout restart, replace', async () => {
      const env = [
        { name: 'MODE', value: 'fast' },
        { name: 'DB_PASSWORD', value: 's3cr3t-v4lue-1' },
      ];
      const labels = { app: 'masked-env' };
      const spec = { containers: [{ name: 'web', image: 'registry.example/shop/web:1.0', env }] };
      const deployment = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'masked-env', namespace: 'dev' },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      };
      await admin(['create', '-f', '-'], JSON.stringify(deployment));
      const envOf = async (): Promise<unknown> => {
        const object = (await real('deployment', 'masked-env')) as unknown as typeof deployment;
        return object.spec.template.spec.containers[0]?.env;
      };
      const reordered = (await shown('deployment', 'masked-env')) as unknown as typeof deployment;
      expect(JSON.stringify(reordered)).toContain('holdpoint-mask:v1:');
      reordered.spec.template.spec.containers[0]?.env.reverse();
      Reflect.deleteProperty(reordered.metadata, 'resourceVersion');
      expect(await agent(['replace', '-f', '-'], JSON.stringify(reordered))).toMatchObject({ code: 0 });
      expect(await envOf()).toEqual(env.toReversed());
      for (const args of [
        ['set', 'env', 'deployment/masked-env', 'MODE=slow'],
        ['set', 'image', 'deployment/masked-env', 'web=registry.example/shop/web:1.1'],
        ['rollout', 'restart', 'deployment/masked-env'],
      ]) {
        expect(await agent(args)).toMatchObject({ code: 0 });
        expect(await envOf()).toContainEqual(env[1]);
      }
    }, 180_000);
  });
});
