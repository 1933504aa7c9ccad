import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { createAuditSink, eventList, type AuditSink } from '../src/audit-sink.ts';
import { eventShapes } from '../corpus/credentials/events.ts';
import { metricsText } from '../src/metrics-text.ts';
import { bytesBelow, createCanaries, foundIn, type Canaries } from '../src/canaries.ts';
import { eventually } from '../src/eventually.ts';
import { requestJson } from '../src/request-json.ts';

const tables = ['audit_events', 'recordings', 'checkpoints', 'apiserver_counters'];
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Every value that was planted must be nowhere; every harmless one beside it must be there, or the search proves nothing. */
describe('no secret value reaches the disk: what the API server really sends', () => {
  let stack: Stack;
  let pod: string;
  const secret: Canaries = createCanaries('secret');
  const harmless: Canaries = createCanaries('harmless');
  beforeAll(async () => {
    stack = await startScenario();
    const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
    pod = pods.stdout.split('\n')[0] ?? '';
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 120_000);

  const admin = (args: readonly string[], input?: string) =>
    stack.kubectl('admin', ['-n', 'dev', ...args], input === undefined ? {} : { input });
  const must = async (args: readonly string[], input?: string) => {
    const result = await admin(args, input);
    expect({ args, ...result }).toMatchObject({ code: 0 });
    return result;
  };
  const sql = async (statement: string): Promise<string> => {
    const { body } = await requestJson(stack.auditorEnv['HOLDPOINT_SQL_URL'] ?? '', {
      method: 'POST',
      caFile: stack.caFile,
      headers: { authorization: `Bearer ${readFileSync(stack.files.queryToken, 'utf8').trim()}` },
      body: `${statement} FORMAT JSON`,
    });
    return JSON.stringify(body);
  };
  const manifest = (kind: string, name: string, more: object): string =>
    JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, namespace: 'dev' }, ...more });

  test('Secrets, created, applied, edited, patched and replaced in every way kubectl has', async () => {
    const s = secret.plant;
    await must(['create', 'secret', 'generic', 'a', `--from-literal=password=${s('create secret')}`]);
    // Of a Secret's labels and annotations, what looks random is taken for a copy of a value: words stay.
    harmless.plantAs('label', 'reviewed-by-the-platform-team');
    await must(['label', 'secret', 'a', 'note=reviewed-by-the-platform-team']);
    await must(['apply', '-f', '-'], manifest('Secret', 'b', { stringData: { k: s('apply') } }));
    await must(
      ['apply', '-f', '-'],
      manifest('Secret', 'b', { stringData: { k: s('apply again'), l: s('apply more') } }),
    );
    await must(['apply', '--server-side', '-f', '-'], manifest('Secret', 'c', { stringData: { k: s('server-side') } }));
    await must(
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      manifest('Secret', 'b', { data: { k: base64(s('server-side over client-side')) } }),
    );
    const patch = (type: string, body: unknown) =>
      must(['patch', 'secret', 'a', '--type', type, '-p', JSON.stringify(body)]);
    await patch('merge', { data: { m: base64(s('merge patch')) }, stringData: { n: s('merge patch, stringData') } });
    await patch('strategic', { stringData: { o: s('strategic patch') } });
    await patch('json', [
      { op: 'add', path: '/data/p', value: base64(s('JSON patch')) },
      { op: 'test', path: '/data/p', value: base64(secret.planted.get('JSON patch') ?? '') },
      { op: 'add', path: '/stringData', value: { q: s('JSON patch of all') } },
    ]);
    const copy = [{ op: 'copy', from: '/data/p', path: '/metadata/annotations' }];
    await admin(['patch', 'secret', 'a', '--type', 'json', '-p', JSON.stringify(copy)]);
    await patch('json', [
      { op: 'add', path: '/metadata/annotations', value: { x: 'y' } },
      { op: 'copy', from: '/data/p', path: '/metadata/annotations/copied' },
    ]);
    await must(['get', 'secret', 'a', '-o', 'yaml']);
    await must(['get', 'secret', 'a']);
    await must(['get', 'secrets', '-A', '-o', 'json']);
    await must(['annotate', 'secret', 'a', 'later=yes']);
    await must(['replace', '-f', '-'], manifest('Secret', 'c', { stringData: { k: s('replace') } }));
    await must(
      ['replace', '--force', '-f', '-'],
      manifest('Secret', 'c', { stringData: { k: s('replace by force') } }),
    );
    const editor = join(stack.dir, 'editor.sh');
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/^  k: .*/  k: ${base64(s('edit'))}/' "$1"\n`, { mode: 0o755 });
    await stack.kubectl('admin', ['-n', 'dev', 'edit', 'secret', 'c'], { env: { KUBE_EDITOR: editor } });
    await must(['create', '--dry-run=server', '-f', '-'], manifest('Secret', 'd', { stringData: { k: s('dry run') } }));
    // Refused: the answers quote.
    await admin(
      ['create', '-f', '-'],
      manifest('Secret', 'e', { type: 'kubernetes.io/tls', stringData: { k: s('invalid type') } }),
    );
    await admin(
      ['create', '--validate=false', '-f', '-'],
      manifest('Secret', 'f', { data: { k: s('no base64!').slice(0, 27) } }),
    );
    await admin(
      ['create', '--validate=false', '-f', '-'],
      manifest('Secret', 'f', { data: { a: 5, k: base64(s('beside a number')) } }),
    );
    await admin(
      ['create', '--validate=false', '-f', '-'],
      manifest('Secret', 'f2', { dta: { k: s('mistyped field') } }),
    );
    await must(['create', '-f', '-'], manifest('Secret', 'g', { immutable: true, stringData: { k: s('immutable') } }));
    await admin(['patch', 'secret', 'g', '-p', JSON.stringify({ stringData: { k: s('immutable, changed') } })]);
    await admin([
      'patch',
      'secret',
      'a',
      '--type',
      'json',
      '-p',
      '[{"op":"copy","from":"/data/password","path":"/type"}]',
    ]);
    await admin(
      ['create', '-f', '-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [JSON.parse(manifest('Secret', 'h', { stringData: { k: s('in a List') } }))],
      }),
    );
    await must(['get', '--raw', '/api/v1/namespaces/dev/secrets?watch=true&timeoutSeconds=1']);
    await requestJson(stack.urls.apiServer, {
      method: 'GET',
      path: '/api/v1/namespaces/dev/secrets',
      caFile: stack.caFile,
      headers: {
        authorization: `Bearer ${await stack.token('agent')}`,
        accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
      },
    });
    await must(['delete', 'secrets', '--all']);
  }, 120_000);

  test('tokens, and bootstrap tokens', async () => {
    const { stdout } = await must(['create', 'token', 'default', '--duration', '600s']);
    secret.plantAs('service account token', stdout.trim().split('.')[2] ?? '');
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: stdout.trim() } };
    await must(['create', '-o', 'yaml', '-f', '-'], JSON.stringify(review));
    await admin(
      ['create', '-o', 'yaml', '-f', '-'],
      JSON.stringify({ ...review, spec: { token: secret.plant('a token that is none') } }),
    );
    await stack.kubectl('admin', ['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'bootstrap.kubernetes.io/token',
        metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
        stringData: {
          'token-id': 'abcdef',
          'token-secret': createHash('sha256').update('b').digest('hex').slice(0, 16),
        },
      }),
    });
    secret.plantAs('bootstrap token', createHash('sha256').update('b').digest('hex').slice(0, 16));
  }, 120_000);

  test('ConfigMaps, workloads and custom resources that hold credentials', async () => {
    const s = secret.plant;
    const h = harmless.plant;
    const kubeconfig = `apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    token: ${s('kubeconfig token')}\n    password: ${s('kubeconfig password')}\n    client-key-data: ${base64(s('kubeconfig key'))}\n`;
    const docker = JSON.stringify({
      auths: {
        'registry.example': { username: 'u', password: s('docker password'), auth: base64(`u:${s('docker auth')}`) },
      },
    });
    const nested = manifest('Secret', 'inner', { data: { k: base64(s('a Secret in a ConfigMap')) } });
    const data = {
      kubeconfig,
      '.dockerconfigjson': docker,
      'app.properties': `db.url=jdbc:postgresql://db/shop\ndb.password=${s('properties')}\nlog.level=${h('properties')}\n`,
      'settings.yaml': `database:\n  password: ${s('yaml')}\n  host: ${h('yaml')}\n`,
      DATABASE_URL: `postgres://shop:${s('connection string')}@db:5432/${h('connection string')}`,
      'secret.json': nested,
      'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  anything: ${s('manifest')}\n`,
      API_TOKEN: s('token by its name'),
      message: h('a message'),
    };
    await must(
      ['apply', '-f', '-'],
      manifest('ConfigMap', 'settings', { data, binaryData: { x: base64(`password=${s('binaryData')}`) } }),
    );
    await must([
      'patch',
      'configmap',
      'settings',
      '--type',
      'json',
      '-p',
      JSON.stringify([{ op: 'add', path: '/data/DB_PASSWORD', value: s('JSON patch of a ConfigMap') }]),
    ]);
    await must(['create', 'configmap', 'literal', `--from-literal=token=${s('configmap literal')}`]);
    const release = base64(gzipSync(JSON.stringify({ manifest: nested, x: s('helm payload') })).toString('base64'));
    await must(
      ['create', '-f', '-'],
      manifest('ConfigMap', 'sh.helm.release.v1.a.v1', { data: { release: base64(release), other: release } }),
    );
    const podTemplate = {
      metadata: {
        labels: { app: 'x' },
        annotations: { 'vault.example/token': s('pod annotation'), note: h('pod annotation') },
      },
      spec: {
        nodeName: 'node-1',
        containers: [
          {
            name: 'c',
            image: `registry.example/c:${h('image tag')}`,
            command: ['mysql', `-p${s('mysql -p')}`, '-h', 'db'],
            args: ['--password', s('--password x'), `--api-token=${s('--api-token=x')}`, '--level', h('argument')],
            env: [
              { name: 'DB_PASSWORD', value: s('environment') },
              { name: 'AMQP', value: `amqp://u:${s('amqp')}@q/` },
              { name: 'GREETING', value: h('environment') },
            ],
          },
        ],
      },
    };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x', namespace: 'dev' },
      spec: { replicas: 1, selector: { matchLabels: { app: 'x' } }, template: podTemplate },
    };
    await must(['apply', '-f', '-'], JSON.stringify(deployment));
    await must(['scale', 'deployment', 'x', '--replicas=2']);
    await must(['set', 'env', 'deployment/x', `SMTP_PASSWORD=${s('set env')}`]);
    await must(['rollout', 'status', 'deployment/x', '--timeout=60s']);
    await must([
      'run',
      'one',
      '--image=i',
      '--overrides',
      JSON.stringify({ spec: { nodeName: 'node-1' } }),
      `--env=APP_SECRET=${s('run --env')}`,
      '--',
      'sh',
      '-c',
      `curl -u me:${s('curl -u')} https://x`,
    ]);
    // Refused, and the refusal prints the pod it was and the pod it would be.
    await admin([
      'patch',
      'pod',
      'one',
      '--type',
      'json',
      '-p',
      JSON.stringify([{ op: 'replace', path: '/spec/containers/0/env/0/value', value: s('refused environment') }]),
    ]);
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'databases.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Database', plural: 'databases', singular: 'database' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            additionalPrinterColumns: [{ name: 'Password', type: 'string', jsonPath: '.spec.password' }],
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    properties: {
                      password: { type: 'string', maxLength: 60 },
                      size: { type: 'string' },
                      pool: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                      stringData: { type: 'object', additionalProperties: { type: 'string' } },
                    },
                  },
                },
              },
            },
          },
        ],
      },
    };
    await must(['create', '-f', '-'], JSON.stringify(crd));
    await must(['wait', '--for=condition=Established', 'crd/databases.example.com']);
    const database = (spec: object) =>
      JSON.stringify({
        apiVersion: 'example.com/v1',
        kind: 'Database',
        metadata: { name: 'd', namespace: 'dev' },
        spec,
      });
    await must(
      ['apply', '--server-side', '-f', '-'],
      database({
        password: s('custom resource'),
        size: h('custom resource'),
        pool: [`postgres://u:${s('set-typed list')}@h/`],
        stringData: { any: s('stringData of a custom resource') },
      }),
    );
    await must(['get', 'databases']);
    await admin([
      'patch',
      'database',
      'd',
      '--type',
      'merge',
      '-p',
      JSON.stringify({ spec: { password: `${s('too long a password')}${'x'.repeat(60)}` } }),
    ]);
    await must(['get', 'configmaps,deployments,pods', '-o', 'yaml']);
    await must(['delete', 'configmaps,deployments', '--all']);
  }, 120_000);

  test('what stands in a URI, in a header, in a terminal', async () => {
    const s = secret.plant;
    const h = harmless.plant;
    const exec = async (...command: string[]) => stack.kubectl('agent', ['exec', '-n', 'prod', pod, '--', ...command]);
    await exec('echo', `--password=${s('exec flag')}`, h('exec'));
    await exec('echo', 'redis-cli', '-a', s('redis-cli -a'), `PGPASSWORD=${s('exec assignment')}`);
    await exec(
      'sh',
      '-c',
      `echo mysql -u root -p${s('exec in a shell')} && echo Authorization: Bearer ${s('exec output')}`,
    );
    await admin(['get', 'pods', '--field-selector', `spec.password=${s('field selector')}`]);
    await admin([
      'get',
      '--raw',
      `/api/v1/namespaces/dev/pods?token=${s('query parameter')}&labelSelector=a%3D${h('query parameter')}`,
    ]);
    await admin(['get', '--raw', `/api/v1/namespaces/dev/services/x/proxy/login?access_token=${s('proxied query')}`]);
    await requestJson(stack.urls.apiServer, {
      method: 'GET',
      path: '/api/v1/namespaces/dev/pods',
      caFile: stack.caFile,
      headers: {
        authorization: `Bearer ${await stack.token('agent')}`,
        'user-agent': `curl/8 (https://me:${s('user agent')}@x) ${h('user agent')}`,
      },
    });
  }, 120_000);

  test('helm', async () => {
    const chart = join(stack.dir, 'chart');
    const s = secret.plant('helm value');
    await stack.start('sh', 'admin', ['-c', `mkdir -p ${chart}/templates`]).finished;
    writeFileSync(join(chart, 'Chart.yaml'), `apiVersion: v2\nname: shop\nversion: 1.0.0\n`);
    writeFileSync(
      join(chart, 'templates', 'secret.yaml'),
      `apiVersion: v1\nkind: Secret\nmetadata:\n  name: helm\nstringData:\n  any: {{ .Values.any }}\n`,
    );
    const install = ['install', 'shop', chart, '-n', 'dev', '--set', `any=${s}`];
    expect(await stack.start('helm', 'admin', install).finished).toMatchObject({ code: 0 });
    const upgrade = ['upgrade', 'shop', chart, '-n', 'dev', '--set', `any=${secret.plant('helm upgrade')}`];
    expect(await stack.start('helm', 'admin', upgrade, { env: { HELM_DRIVER: 'secret' } }).finished).toMatchObject({
      code: 0,
    });
    const inConfigMaps = [
      'install',
      'shop2',
      chart,
      '-n',
      'dev',
      '--set',
      `any=${secret.plant('helm in ConfigMaps')}`,
      '--dry-run=server',
    ];
    await stack.start('helm', 'admin', inConfigMaps, { env: { HELM_DRIVER: 'configmap' } }).finished;
  }, 120_000);

  test('one run of kubectl is one invocation, however many requests it makes', async () => {
    const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'dev' } });
    const several = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: ['run-a', 'run-b', 'run-c'].map(configMap),
    });
    expect(await stack.kubectl('agent', ['apply', '-f', '-'], { input: several })).toMatchObject({ code: 0 });
    expect(await stack.kubectl('agent', ['get', 'configmap', 'run-a', '-n', 'dev'])).toMatchObject({ code: 0 });
    expect(await stack.kubectl('agent', ['get', 'configmap', 'run-b', '-n', 'dev'])).toMatchObject({ code: 0 });
    const rows = await eventually('they are on record', async () => {
      const answer = await sql(
        `SELECT verb, invocation, groupUniqArray(name) AS names FROM audit_events WHERE name LIKE 'run-%' AND resource = 'configmaps' AND username = 'coding-agent' AND verb = 'create' OR (name IN ('run-a', 'run-b') AND verb = 'get' AND code = 200) GROUP BY verb, invocation`,
      );
      const { data: found } = JSON.parse(answer) as { data?: unknown[] };
      return found !== undefined && JSON.stringify(found).includes('run-c') && found.length === 3 ? found : undefined;
    });
    const invocations = new Set(JSON.stringify(rows).match(/[0-9a-f]{8}-[0-9a-f-]{27}/g));
    expect(invocations.size).toBe(3);
  }, 120_000);

  test('none of it is on the disk, in the store, in a log or in the metrics; all that is harmless is', async () => {
    await stack.kubectl('admin', ['create', 'configmap', 'the-last', '-n', 'dev']);
    await eventually('everything is stored', async () => {
      const answer = await sql(`SELECT count() AS n FROM audit_events WHERE name = 'the-last'`);
      return /"n":\s*"?[1-9]/.test(answer) ? true : undefined;
    });
    const store = Buffer.from(
      (await Promise.all(tables.map((table) => sql(`SELECT * FROM ${table} LIMIT 100000`)))).join('\n'),
    );
    const disk = bytesBelow(join(stack.dir, 'data'));
    const log = readFileSync(join(stack.dir, 'logs', 'auditsink.log'));
    const metrics = Buffer.from(await metricsText(stack.service('auditsink').url, stack.caFile));
    expect({
      store: foundIn(store, secret.planted),
      disk: foundIn(disk, secret.planted),
      log: foundIn(log, secret.planted),
      metrics: foundIn(metrics, secret.planted),
    }).toEqual({ store: [], disk: [], log: [], metrics: [] });
    const missing = [...harmless.planted].filter(([, value]) => !store.includes(value) || !disk.includes(value));
    expect(missing).toEqual([]);
    process.stderr.write(
      `  ${String(secret.planted.size)} secret values in none of ${String(disk.length + store.length)} bytes\n`,
    );
  }, 120_000);
});

/** The shapes that this API server does not send, or not today; and what no API server would. */
describe('no secret value reaches the disk: what a sender may send', () => {
  let sink: AuditSink;
  const secret = createCanaries('sent');
  const harmless = createCanaries('sent beside it');
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 120_000);
  afterAll(() => sink?.close());

  test('every shape of event', async () => {
    for (const [at, { situation, event }] of eventShapes.entries()) {
      const body = eventList([`shape-${String(at)}`], event(secret.plant(situation), harmless.plant(situation)));
      expect(await sink.post('/audit', body)).toMatchObject({ code: 200 });
    }
  });

  test.each([
    { situation: 'a body that is no JSON', body: (s: string) => `{"kind":"EventList","password":"${s}"` },
    { situation: 'a body that is a text', body: (s: string) => s },
    { situation: 'a list of another kind', body: (s: string) => `{"kind":"${s}"}` },
    {
      situation: 'an annotation that is no text',
      body: (s: string) => eventList(['x'], { annotations: { [s]: 5 } }),
      want: 200,
    },
  ])('$situation is neither logged nor answered', async ({ situation, body, want = 400 }) => {
    const value = secret.plant(situation);
    const answer = await sink.post('/audit', body(`password=${value}`));
    expect(answer.code).toBe(want);
    expect(foundIn(Buffer.from(answer.text), secret.planted)).toEqual([]);
  });

  test('a terminal', async () => {
    const typed = secret.plant('typed, over several frames');
    const shown = secret.plant('shown');
    const frames = [
      [0, 'i', `export DB_PASSWORD=${typed.slice(0, 9)}`],
      [0.1, 'o', `${harmless.plant('shown')}\r\n`],
      [0.2, 'i', typed.slice(9, 11)],
      [0.3, 'i', `${typed.slice(11)}\n`],
      [0.4, 'o', `DB_PASSWORD=${shown}\r\n`],
    ];
    const recording = {
      ...{ recordingId: 'r', auditId: 'a', session: 's', username: 'u', namespace: 'n', pod: 'p', container: 'c' },
      ...{ startedAt: '2026-05-04T10:11:12Z', sequence: 0, frames },
      command: ['mysql', `-p${secret.plant('a recorded command')}`, harmless.plant('a recorded command')],
    };
    expect(await sink.post('/recordings', JSON.stringify({ recordings: [recording] }))).toMatchObject({ code: 200 });
  });

  test('none of it is on the disk, in the store, in the log or in the metrics; all that is harmless is', async () => {
    await eventually('everything is stored', async () => {
      const events = await sink.sql(
        "SELECT uniqExact(audit_id) FROM audit_events WHERE startsWith(audit_id, 'shape-')",
      );
      const recordings = await sink.sql('SELECT count() FROM recordings');
      return Number(events) === eventShapes.length && recordings === '1' ? true : undefined;
    });
    const columns = await Promise.all(tables.map((table) => sink.sql(`SELECT * FROM ${table} FORMAT JSONEachRow`)));
    const store = Buffer.from(columns.join('\n'));
    const spool = bytesBelow(sink.dataDir);
    const metrics = Buffer.from(await metricsText(sink.url, sink.caFile));
    await sink.stop();
    const stopped = bytesBelow(sink.dataDir);
    const disk = Buffer.concat([spool, stopped]);
    expect({
      store: foundIn(store, secret.planted),
      disk: foundIn(disk, secret.planted),
      log: foundIn(Buffer.from(sink.log()), secret.planted),
      metrics: foundIn(metrics, secret.planted),
    }).toEqual({ store: [], disk: [], log: [], metrics: [] });
    expect([...harmless.planted].filter(([, value]) => !store.includes(value) || !disk.includes(value))).toEqual([]);
  }, 120_000);
});
