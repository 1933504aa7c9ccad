import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { requestText, type TextAnswer } from '../src/request-text.ts';

const canary = 'hq7-Canary-of-many-places-42';
const spoken = 'open sesame';
const inBase64 = Buffer.from(canary).toString('base64');
const release = Buffer.from(gzipSync(JSON.stringify({ manifest: `password: ${canary}` })).toString('base64')).toString(
  'base64',
);
const values = [canary, inBase64, spoken, release.slice(0, 60)];

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const partial = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const inDev = '/api/v1/namespaces/dev';
const databases = '/apis/example.com/v1/namespaces/dev/databases';

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'databases.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'databases', singular: 'database', kind: 'Database', listKind: 'DatabaseList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [
          { name: 'Engine', type: 'string', jsonPath: '.spec.engine' },
          { name: 'Opens', type: 'string', jsonPath: '.spec.unlockedBy' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  engine: { type: 'string' },
                  unlockedBy: { type: 'string' },
                  words: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const planted = [
  { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'planted', namespace: 'dev' }, stringData: { token: canary } },
  {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'planted', namespace: 'dev', annotations: { 'example.com/note': `password=${canary}` } },
    data: { DB_PASSWORD: canary, 'app.ini': `[db]\npassword = ${canary}\n`, payload: release },
  },
  {
    kind: 'Database',
    apiVersion: 'example.com/v1',
    metadata: { name: 'planted', namespace: 'dev' },
    spec: { engine: 'postgres', unlockedBy: spoken, words: [spoken, 'friend'] },
  },
];
const plain = {
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'plain', namespace: 'dev' },
  data: { 'log-level': 'debug', 'app.yaml': 'replicas: 3\nimage: registry.example/shop/web@sha256:0123456789abcdef\n' },
};

/** What a governed client can be shown of a secret, in whatever form it asks: nothing. And what it can still do: the rest. */
describe('answers through the proxy', () => {
  let stack: Stack;
  let headers: Record<string, string>;
  const ask = (
    path: string,
    accept = 'application/json',
    more: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<TextAnswer> =>
    requestText(stack.service('proxy').url, {
      ...more,
      path,
      caFile: stack.caFile,
      headers: { ...headers, accept, ...more.headers },
    });

  beforeAll(async () => {
    stack = await startScenario();
    headers = { authorization: `Bearer ${await stack.token('agent')}` };
    const admin = async (args: string[], input?: unknown): Promise<void> => {
      const options = input === undefined ? {} : { input: JSON.stringify(input) };
      expect(await stack.kubectl('admin', args, options)).toMatchObject({ code: 0 });
    };
    await admin(['apply', '-f', '-'], crd);
    await admin(['wait', '--for=condition=Established', 'crd/databases.example.com', '--timeout=60s']);
    await admin(['create', 'clusterrole', 'databases', '--verb=*', '--resource=databases.example.com']);
    await admin(['create', 'clusterrolebinding', 'databases', '--clusterrole=databases', '--group=ai-agents']);
    const fields = [
      { apiGroups: ['example.com'], resources: ['databases'], paths: ['$.spec.unlockedBy', '$.spec.words[*]'] },
    ];
    await admin([
      'patch',
      'accesspolicy',
      'coding-agents',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { masking: { fields } } }),
    ]);
    for (const each of [...planted, plain]) await admin(['apply', '-f', '-'], each);
    await eventually('the policy, at the proxy', async () => {
      const answer = await ask(`${databases}/planted`);
      return answer.code === 200 && answer.text.includes('holdpoint-mask') ? true : undefined;
    });
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const watching = 'watch=1&timeoutSeconds=1';
  const initial = `${watching}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
  const forms: { form: string; query?: string; accept?: string; want?: string }[] = [
    { form: 'a list' },
    { form: 'a list, indented', query: 'pretty=true' },
    { form: 'a list in YAML', accept: 'application/yaml', want: 'application/yaml' },
    { form: 'a list, protobuf preferred', accept: 'application/vnd.kubernetes.protobuf, application/json' },
    { form: 'a list, CBOR preferred', accept: 'application/cbor, */*' },
    { form: 'a Table', accept: table },
    { form: 'a Table with objects', query: 'includeObject=Object', accept: table },
    { form: 'a Table without objects', query: 'includeObject=None', accept: table },
    { form: 'metadata alone', accept: partial },
    { form: 'a watch', query: watching },
    { form: 'a watch of Tables', query: `${watching}&includeObject=None`, accept: table },
    { form: 'a watch that begins with a list', query: initial },
  ];
  test.each([
    ...forms.map((each) => ({ kind: 'Secrets', path: `${inDev}/secrets`, ...each })),
    ...forms.map((each) => ({ kind: 'ConfigMaps', path: `${inDev}/configmaps`, ...each })),
    ...forms.map((each) => ({ kind: 'custom resources', path: databases, ...each })),
    {
      kind: 'Secrets',
      form: 'the legacy watch',
      path: '/api/v1/watch/namespaces/dev/secrets',
      query: 'timeoutSeconds=1',
    },
    {
      kind: 'ConfigMaps',
      form: 'the legacy watch',
      path: '/api/v1/watch/namespaces/dev/configmaps',
      query: 'timeoutSeconds=1',
    },
  ])('$kind as $form: whole, and without a value', async ({ path, query, accept, want = 'application/json' }) => {
    const asked = { headers: { 'accept-encoding': 'gzip' } };
    const answer = await ask(query === undefined ? path : `${path}?${query}`, accept, asked);
    expect(answer).toMatchObject({ code: 200, headers: { 'content-type': want } });
    expect(answer.text).toContain('planted');
    for (const value of values) expect(answer.text).not.toContain(value);
  });

  test.each([
    ['protobuf', 'application/vnd.kubernetes.protobuf', `${inDev}/secrets`],
    ['CBOR', 'application/cbor', `${inDev}/configmaps`],
    ['protobuf watched', 'application/vnd.kubernetes.protobuf;stream=watch', `${inDev}/secrets?${watching}`],
    ['YAML watched', 'application/yaml', `${inDev}/secrets?${watching}`],
  ])('who takes %s alone is told 406', async (_situation, accept, path) => {
    const answer = await ask(path, accept);
    expect(answer.code).toBe(406);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'NotAcceptable' });
  });

  test('kubectl prints the columns of a custom resource, and masks the one that shows a secret', async () => {
    const answer = await stack.kubectl('agent', ['get', 'databases', '-n', 'dev']);
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.stdout).toMatch(/^NAME\s+ENGINE\s+OPENS\nplanted\s+postgres\s+holdpoint-mask:v1:/);
  });

  test.each([
    ['a ConfigMap without a secret', ['get', '--raw', `${inDev}/configmaps/plain`]],
    ['a Deployment', ['get', '--raw', '/apis/apps/v1/namespaces/prod/deployments/web']],
    ['the pods', ['get', 'pods', '-n', 'prod', '-o', 'json']],
    ['a Table of the Secrets', ['get', 'secrets', '-n', 'prod']],
    ['the kinds there are', ['api-resources', '--cached=false']],
    ['the schema of a kind', ['explain', 'databases.spec']],
    ['what does not exist', ['get', 'configmap', 'absent', '-n', 'dev']],
  ])('%s is the same as without the proxy', async (_situation, args) => {
    const [direct, proxied] = [await stack.kubectl('admin', args), await stack.kubectl('agent', args)];
    const shown = ({ code, stdout, stderr }: typeof direct): object => ({
      ...{ code, stdout: withoutAges(stdout), stderr: comparable(stderr) },
    });
    expect(shown(proxied)).toEqual(shown(direct));
  });

  test.each([
    ['a Secret', 'application/merge-patch+json', `${inDev}/secrets/planted`, { data: { other: 5 } }],
    ['a Secret', 'application/merge-patch+json', `${inDev}/secrets/planted`, { data: { other: 'no base64!' } }],
    ['a Secret', 'application/strategic-merge-patch+json', `${inDev}/secrets/planted`, { type: 'another' }],
    [
      'a Secret',
      'application/json-patch+json',
      `${inDev}/secrets/planted`,
      [{ op: 'copy', from: '/data/token', path: '/type' }],
    ],
    [
      'a Secret',
      'application/json-patch+json',
      `${inDev}/secrets/planted`,
      [{ op: 'test', path: '/data/token', value: inBase64 }],
    ],
    [
      'a ConfigMap',
      'application/json-patch+json',
      `${inDev}/configmaps/planted`,
      [{ op: 'copy', from: '/data/DB_PASSWORD', path: '/data/x' }],
    ],
    ['a ConfigMap', 'application/merge-patch+json', `${inDev}/configmaps/planted`, { data: { x: 5 } }],
    ['a Database', 'application/merge-patch+json', `${databases}/planted`, { spec: { engine: 5 } }],
    [
      'a Database',
      'application/json-patch+json',
      `${databases}/planted`,
      [{ op: 'move', from: '/spec/unlockedBy', path: '/spec/engine' }],
    ],
  ])(
    'a patch of %s that could make the API server speak is refused without a value: %s %s',
    async (_of, type, path, patch) => {
      const answer = await ask(`${path}?dryRun=All`, 'application/json', {
        method: 'PATCH',
        body: JSON.stringify(patch),
        headers: { 'content-type': type },
      });
      expect(answer.code).toBeGreaterThanOrEqual(400);
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure' });
      for (const value of values) expect(answer.text.replaceAll('\\"', '"')).not.toContain(value);
    },
  );

  test('the answer to a write is masked as an answer to a read is', async () => {
    const body = JSON.stringify({ metadata: { labels: { seen: 'yes' } } });
    const answer = await ask(`${inDev}/configmaps/planted`, 'application/json', {
      method: 'PATCH',
      body,
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(answer).toMatchObject({ code: 200 });
    expect(JSON.parse(answer.text)).toMatchObject({ metadata: { labels: { seen: 'yes' } } });
    for (const value of values) expect(answer.text).not.toContain(value);
  });

  test('a field selector on a masked field is refused', async () => {
    const answer = await ask(`${databases}?fieldSelector=spec.unlockedBy%3D${encodeURIComponent(spoken)}`);
    expect(answer.code).toBe(403);
  });

  test('a policy with a path that is none is refused when it is applied, with the place', async () => {
    const patch = { spec: { masking: { fields: [{ resources: ['databases'], paths: ['$.spec[?(@.a)]'] }] } } };
    const args = ['patch', 'accesspolicy', 'coding-agents', '--type=merge', '-p', JSON.stringify(patch)];
    const answer = await stack.kubectl('admin', args);
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain('spec.masking.fields[0].paths[0]');
    expect(answer.stderr).toContain('at 6');
  });
});

/** Names of users differ, and nothing else may. */
/** A Table's last column goes on between two commands. */
function withoutAges(stdout: string): string {
  return stdout.replace(/ (?:\d+[smhd])+$/gm, ' …');
}

function comparable(stderr: string): string {
  return stderr.replace(/User "[^"]*"/g, 'User "…"');
}
