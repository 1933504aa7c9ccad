import { gzipSync } from 'node:zlib';

/** One audit event with a secret in it, and something harmless beside it. */
export interface EventShape {
  situation: string;
  /** Fields of the event that differ from an ordinary one's. */
  event: (secret: string, harmless: string) => object;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const secrets = { resource: 'secrets', namespace: 'dev', name: 'db', apiVersion: 'v1' };
const pods = { resource: 'pods', namespace: 'dev', name: 'shop-0', apiVersion: 'v1' };
const configMaps = { resource: 'configmaps', namespace: 'dev', name: 'settings', apiVersion: 'v1' };

const secretOf = (data: object, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'dev' },
  data,
  ...more,
});
/** An object whose label is the harmless value, so that what is left of the event can be seen to be there. */
const labelled = (harmless: string, more: object = {}): object => ({
  name: 'db',
  namespace: 'dev',
  finalizers: [harmless],
  ...more,
});
const onSecrets =
  (request: (secret: string, harmless: string) => unknown): EventShape['event'] =>
  (secret, harmless) => ({
    objectRef: secrets,
    requestObject: request(secret, harmless),
    userAgent: harmless,
  });
const answerOnSecrets =
  (answer: (secret: string, harmless: string) => unknown): EventShape['event'] =>
  (secret, harmless) => ({
    objectRef: secrets,
    requestObject: null,
    responseObject: answer(secret, harmless),
    userAgent: harmless,
  });
const onConfigMaps =
  (data: (secret: string) => object): EventShape['event'] =>
  (secret, harmless) => ({
    objectRef: configMaps,
    requestObject: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { ...data(secret), harmless },
    },
  });
const onPods =
  (container: (secret: string) => object): EventShape['event'] =>
  (secret, harmless) => ({
    objectRef: pods,
    requestObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'shop-0', labels: { harmless } },
      spec: { containers: [{ name: 'c', image: 'i', ...container(secret) }] },
    },
  });
const withMessage =
  (objectRef: object, message: (secret: string) => string): EventShape['event'] =>
  (secret, harmless) => ({
    objectRef,
    userAgent: harmless,
    responseStatus: { metadata: {}, status: 'Failure', reason: 'Invalid', code: 422, message: message(secret) },
    responseObject: {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'Invalid',
      code: 422,
      message: message(secret),
      details: {
        name: 'x',
        causes: [{ reason: 'FieldValueInvalid', message: message(secret), field: 'spec.password' }],
      },
    },
  });

/** Every way in which an event of the API server can carry a secret. Rows are added, never taken away. */
export const eventShapes: readonly EventShape[] = [
  { situation: 'a Secret sent', event: onSecrets((s) => secretOf({ k: base64(s) })) },
  {
    situation: 'a Secret without a kind',
    event: onSecrets((s) => ({ metadata: { name: 'db' }, data: { k: base64(s) } })),
  },
  {
    situation: 'a Secret of a version that is none',
    event: onSecrets((s) => secretOf({ k: base64(s) }, { apiVersion: 'v2' })),
  },
  {
    situation: 'a Secret that says it is a ConfigMap',
    event: onSecrets((s) => secretOf({ k: s }, { kind: 'ConfigMap' })),
  },
  {
    situation: 'a Secret that says it is a Status',
    event: onSecrets((s) => secretOf({ k: s }, { kind: 'Status', status: 'Success' })),
  },
  {
    situation: 'a Secret that says it is a list',
    event: onSecrets((s) => secretOf({ k: s }, { kind: 'SecretList', items: [] })),
  },
  { situation: 'a Secret with a mistyped field', event: onSecrets((s) => secretOf({}, { dta: { k: s } })) },
  { situation: 'values that no Secret can have', event: onSecrets((s) => secretOf({ k: { l: [s] } })) },
  { situation: 'all values as one text', event: onSecrets((s) => secretOf({}, { data: s })) },
  { situation: 'stringData', event: onSecrets((s) => ({ kind: 'Secret', apiVersion: 'v1', stringData: { k: s } })) },
  {
    situation: 'a key called __proto__',
    event: onSecrets(
      (s) => JSON.parse(`{"kind":"Secret","apiVersion":"v1","stringData":{"__proto__":"${s}"}}`) as object,
    ),
  },
  { situation: 'a body that is a text', event: onSecrets((s) => `data: ${s}`) },
  {
    situation: 'last-applied',
    event: onSecrets((s) => ({
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { annotations: { [lastApplied]: JSON.stringify(secretOf({ k: base64(s) })) } },
    })),
  },
  {
    situation: 'last-applied, cut off',
    event: onSecrets((s) => ({
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { annotations: { [lastApplied]: `{"data":{"k":"${s}` } },
    })),
  },
  {
    situation: 'last-applied with an escaped kind, on another object',
    event: (s, h) => ({
      objectRef: configMaps,
      requestObject: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: labelled(h, {
          annotations: { [lastApplied]: `{"\\u006bind":"\\u0053ecret","apiVersion":"v1","data":{"k":"${base64(s)}"}}` },
        }),
      },
    }),
  },
  {
    situation: 'last-applied of a Secret, cut off, on another object',
    event: (s, h) => ({
      objectRef: configMaps,
      requestObject: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: labelled(h, {
          annotations: { [lastApplied]: `{"kind":"Secret","apiVersion":"v1","data":{"k":"${base64(s)}"` },
        }),
      },
    }),
  },
  { situation: 'a merge patch', event: onSecrets((s) => ({ data: { k: base64(s), gone: null } })) },
  {
    situation: 'a strategic merge patch with directives',
    event: onSecrets((s) => ({ $patch: 'merge', data: { $retainKeys: ['k'], k: base64(s) }, stringData: { l: s } })),
  },
  { situation: 'a JSON patch of one key', event: onSecrets((s) => [{ op: 'add', path: '/data/k', value: base64(s) }]) },
  {
    situation: 'a JSON patch of a key with a slash',
    event: onSecrets((s) => [{ op: 'add', path: '/data/a~1b~0c', value: base64(s) }]),
  },
  {
    situation: 'a JSON patch of all data',
    event: onSecrets((s) => [{ op: 'replace', path: '/data', value: { k: base64(s) } }]),
  },
  {
    situation: 'a JSON patch of the whole document',
    event: onSecrets((s) => [{ op: 'replace', path: '', value: secretOf({ k: base64(s) }) }]),
  },
  {
    situation: 'a JSON patch of the whole document, to a text',
    event: onSecrets((s) => [{ op: 'replace', path: '', value: s }]),
  },
  {
    situation: 'a JSON patch whose path is no pointer',
    event: onSecrets((s) => [{ op: 'add', path: 'data/k', value: s }]),
  },
  { situation: 'a JSON patch without a path', event: onSecrets((s) => [{ op: 'add', value: s, path: 5 }]) },
  { situation: 'a JSON patch of an unknown field', event: onSecrets((s) => [{ op: 'add', path: '/dta/k', value: s }]) },
  {
    situation: 'a JSON patch below a value',
    event: onSecrets((s) => [{ op: 'add', path: '/data/k/deeper/-', value: { a: [s] } }]),
  },
  {
    situation: 'a JSON patch of last-applied',
    event: onSecrets((s) => [
      {
        op: 'add',
        path: `/metadata/annotations/${lastApplied.replace('/', '~1')}`,
        value: JSON.stringify(secretOf({ k: base64(s) })),
      },
    ]),
  },
  {
    situation: 'a JSON patch that tests',
    event: onSecrets((s) => [{ op: 'test', path: '/data/k', value: base64(s) }]),
  },
  {
    situation: 'an item of a JSON patch that is none',
    event: onSecrets((s) => [s, [s]]),
  },
  {
    situation: 'a copy to a label, in the answer',
    event: (s, h) => ({
      objectRef: secrets,
      userAgent: h,
      requestObject: [{ op: 'copy', from: '/data/k', path: '/metadata/labels/l' }],
      responseObject: secretOf({ k: base64(s) }, { metadata: { labels: { l: base64(s) } } }),
    }),
  },
  {
    situation: 'a copy made long ago, in a table’s metadata',
    event: answerOnSecrets((s) => ({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      columnDefinitions: [{ name: 'Name', type: 'string' }],
      rows: [
        {
          cells: ['db'],
          object: {
            kind: 'PartialObjectMetadata',
            apiVersion: 'meta.k8s.io/v1',
            metadata: { name: 'db', annotations: { copied: base64(s) } },
          },
        },
      ],
    })),
  },
  {
    situation: 'a SecretList',
    event: answerOnSecrets((s) => ({
      kind: 'SecretList',
      apiVersion: 'v1',
      items: [{ metadata: { name: 'a' }, data: { k: base64(s) } }],
    })),
  },
  {
    situation: 'Lists within a List',
    event: answerOnSecrets((s) => ({
      kind: 'List',
      apiVersion: 'v1',
      items: [{ kind: 'List', items: [secretOf({ k: base64(s) })] }],
    })),
  },
  {
    situation: 'a Table of whole objects',
    event: answerOnSecrets((s) => ({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      rows: [{ cells: ['db'], object: secretOf({ k: base64(s) }) }],
    })),
  },
  {
    situation: 'a watch event',
    event: answerOnSecrets((s) => ({ type: 'ADDED', object: secretOf({ k: base64(s) }) })),
  },
  {
    situation: 'a Secret in a list of another resource',
    event: (s, h) => ({
      objectRef: pods,
      responseObject: { kind: 'List', apiVersion: 'v1', metadata: labelled(h), items: [secretOf({ k: base64(s) })] },
    }),
  },
  {
    situation: 'a Secret within a custom resource',
    event: (s, h) => ({
      objectRef: { apiGroup: 'example.com', resource: 'bundles', namespace: 'dev', name: 'b', apiVersion: 'v1' },
      requestObject: {
        kind: 'Bundle',
        apiVersion: 'example.com/v1',
        metadata: labelled(h),
        spec: { objects: [secretOf({ k: base64(s) }), { template: { kind: 'Secret', data: { l: base64(s) } } }] },
      },
    }),
  },
  {
    situation: 'fields of an aggregated API’s object',
    event: (s, h) => ({
      objectRef: { apiGroup: 'example.com', resource: 'databases', namespace: 'dev', name: 'b', apiVersion: 'v1' },
      requestObject: {
        kind: 'Database',
        apiVersion: 'example.com/v1',
        metadata: labelled(h),
        spec: { auth: { adminPassword: s, clientSecret: s }, stringData: { any: s }, passwords: [s] },
      },
    }),
  },
  {
    situation: 'a printer column’s cell',
    event: (s, h) => ({
      objectRef: { apiGroup: 'example.com', resource: 'databases', namespace: 'dev', name: 'b', apiVersion: 'v1' },
      responseObject: {
        kind: 'Table',
        columnDefinitions: [{ name: 'Name' }, { name: 'Password' }],
        rows: [{ cells: [h, s] }],
      },
    }),
  },
  {
    situation: 'an item of a set, in managedFields',
    event: (s, h) => ({
      objectRef: pods,
      responseObject: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: {
          ...labelled(h),
          managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': { 'f:urls': { [`v:"https://u:${s}@host/"`]: {} } } } }],
        },
      },
    }),
  },
  {
    situation: 'a token request’s answer',
    event: (s, h) => ({
      objectRef: { resource: 'serviceaccounts', subresource: 'token', namespace: 'dev', name: 'x' },
      responseObject: { kind: 'TokenRequest', metadata: labelled(h), status: { token: s } },
    }),
  },
  {
    situation: 'a token review',
    event: (s, h) => ({
      objectRef: { apiGroup: 'authentication.k8s.io', resource: 'tokenreviews' },
      requestObject: { kind: 'TokenReview', metadata: labelled(h), spec: { token: s } },
      responseObject: { kind: 'TokenReview', spec: { token: s } },
    }),
  },
  {
    situation: 'a mutating webhook’s patch of a Secret',
    event: (s, h) => ({
      objectRef: secrets,
      userAgent: h,
      annotations: {
        'patch.webhook.admission.k8s.io/round_0_index_0': `{"patch":[{"op":"add","path":"/data/x","value":"${base64(s)}"}]}`,
      },
    }),
  },
  {
    situation: 'a mutating webhook’s patch of a pod',
    event: (s, h) => ({
      objectRef: pods,
      annotations: {
        harmless: h,
        'patch.webhook.admission.k8s.io/round_0_index_0': JSON.stringify({
          configuration: 'c',
          patch: [
            { op: 'add', path: '/spec/containers/0/env/-', value: { name: 'DB_PASSWORD', value: s } },
            { op: 'add', path: '/metadata/annotations/vault~1token', value: s },
          ],
        }),
      },
    }),
  },
  {
    situation: 'a message that quotes a Secret',
    event: withMessage(secrets, (s) => `Secret "db" is invalid: data[k]: Invalid value: "${s}"`),
  },
  {
    situation: 'a message that quotes a password',
    event: withMessage(pods, (s) => `Database "d" is invalid: spec.password: Invalid value: "${s}": too long`),
  },
  {
    situation: 'a message that quotes a container',
    event: withMessage(
      pods,
      (s) =>
        `spec: Forbidden: core.PodSpec{Containers:[]core.Container{{Name:"c", Args:[]string{"--password", "${s}"}, Env:[]core.EnvVar{core.EnvVar{Name:"DB_PASSWORD", Value:"${s}", ValueFrom:nil}}}}}`,
    ),
  },
  {
    situation: 'a message that quotes a URL',
    event: withMessage(
      pods,
      (s) => `Internal error occurred: failed calling webhook: Post "https://admin:${s}@hook.example/": dial tcp`,
    ),
  },
  { situation: 'an environment variable', event: onPods((s) => ({ env: [{ name: 'POSTGRES_PASSWORD', value: s }] })) },
  { situation: 'an argument', event: onPods((s) => ({ args: ['--admin-password', s, `--client-secret=${s}`] })) },
  {
    situation: 'a command line in one word',
    event: onPods((s) => ({ command: ['sh', '-c', `exec mysqldump -u root -p${s} shop | gzip`] })),
  },
  {
    situation: 'a probe’s header',
    event: onPods((s) => ({
      livenessProbe: { httpGet: { path: '/', httpHeaders: [{ name: 'Authorization', value: `Bearer ${s}` }] } },
    })),
  },
  {
    situation: 'a properties file',
    event: onConfigMaps((s) => ({ 'a.properties': `# db\nspring.datasource.password=${s}\nx=1\n` })),
  },
  {
    situation: 'a private key',
    event: onConfigMaps((s) => ({
      'id.pem': `-----BEGIN ${'PRIVATE'} KEY-----\n${s}\n-----END ${'PRIVATE'} KEY-----\n`,
    })),
  },
  {
    situation: 'a private key in base64',
    event: onConfigMaps((s) => ({
      x: base64(`-----BEGIN RSA ${'PRIVATE'} KEY-----\n${s}\n-----END RSA ${'PRIVATE'} KEY-----\n`),
    })),
  },
  {
    situation: 'a Helm release by another name',
    event: onConfigMaps((s) => ({
      note: base64(gzipSync(`{"config":{"any":"${s}"}, "pad": "${'x'.repeat(200)}"}`).toString('base64')),
    })),
  },
  {
    situation: 'a kubeconfig',
    event: onConfigMaps((s) => ({ config: `users:\n- name: a\n  user:\n    token: ${s}\n` })),
  },
  {
    situation: 'a Secret’s manifest',
    event: onConfigMaps((s) => ({
      'a.yaml': `kind: Secret\napiVersion: v1\ndata:\n  any: ${base64(s)}\n  block: |\n    ${s}\n`,
    })),
  },
  {
    situation: 'an ini file whose value has spaces around it',
    event: onConfigMaps((s) => ({ 'a.ini': `[smtp]\npassword = ${s}\n` })),
  },
  {
    situation: 'an exec’s command',
    event: (s, h) => ({
      objectRef: { ...pods, subresource: 'exec' },
      requestURI: `/api/v1/namespaces/dev/pods/shop-0/exec?command=mysql&command=-p${s}&command=${h}&container=c`,
    }),
  },
  {
    situation: 'an exec’s command, percent-encoded',
    event: (s, h) => ({
      objectRef: { ...pods, subresource: 'exec' },
      requestURI: `/api/v1/namespaces/dev/pods/shop-0/exec?command=sh&command=-c&command=PGPASSWORD%3D${s}+psql&command=${h}`,
    }),
  },
  {
    situation: 'an attach’s query',
    event: (s, h) => ({
      objectRef: { ...pods, subresource: 'attach' },
      requestURI: `/api/v1/namespaces/dev/pods/shop-0/attach?access_token=${s}&container=${h}`,
    }),
  },
  {
    situation: 'a tunnel’s path',
    event: (s, h) => ({
      objectRef: pods,
      requestURI: `/api/v1/namespaces/dev/services/x/proxy/https%3A%2F%2Fu%3A${s}%40h/${h}`,
    }),
  },
  {
    situation: 'a malformed escape beside it',
    event: (s, h) => ({ objectRef: pods, requestURI: `/api/v1/pods?bad=%zz&password=${s}&x=${h}` }),
  },
  { situation: 'a user agent', event: (s, h) => ({ objectRef: pods, userAgent: `${h} password=${s}` }) },
  {
    situation: 'a user’s extra',
    event: (s, h) => ({
      objectRef: pods,
      userAgent: h,
      impersonatedUser: {
        username: 'x',
        extra: { 'example.com/access-token': [s], 'holdpoint.dev/command': [`kubectl --token ${s}`] },
      },
    }),
  },
  {
    situation: 'an event’s message',
    event: (s, h) => ({
      objectRef: { ...pods, resource: 'events' },
      requestObject: {
        kind: 'Event',
        apiVersion: 'v1',
        message: `${h}: Back-off pulling "https://u:${s}@registry.example/x"`,
      },
    }),
  },
  {
    situation: 'a copy in another part of the event',
    event: (s, h) => ({
      objectRef: secrets,
      requestObject: secretOf({ k: base64(s) }),
      userAgent: h,
      requestURI: `/api/v1/namespaces/dev/secrets/db?fieldManager=${s}`,
      annotations: { 'decide.holdpoint.dev/reason': `because ${s}` },
    }),
  },
  {
    situation: 'a body too large to be kept',
    event: (s, h) => ({
      objectRef: secrets,
      userAgent: h,
      requestObject: secretOf({ k: base64(s), l: 'x'.repeat(9_000_000) }),
    }),
  },
  {
    situation: 'an event that is none',
    event: (s, h) => ({
      stage: 5,
      userAgent: h,
      requestURI: `/api/v1/pods?token=${s}&x=${h}`,
      user: { username: `https://u:${s}@x/` },
    }),
  },
  {
    situation: 'JSON within JSON within a text',
    event: onConfigMaps((s) => ({ x: JSON.stringify({ a: JSON.stringify({ password: s }) }) })),
  },
  { situation: 'JSON whose key comes twice', event: onConfigMaps((s) => ({ x: `{"password":"${s}","password":""}` })) },
];
