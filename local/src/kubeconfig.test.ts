import { describe, expect, test } from '@jest/globals';
import { kubeconfigOf, type Credential } from './kubeconfig.ts';

describe('kubeconfigOf', () => {
  const credentials: { credential: Credential; want: object }[] = [
    { credential: { type: 'Token', token: 't' }, want: { token: 't' } },
    { credential: { type: 'TokenFile', file: '/f' }, want: { tokenFile: '/f' } },
    {
      credential: { type: 'ClientCertificate', cert: '/c', key: '/k' },
      want: { 'client-certificate': '/c', 'client-key': '/k' },
    },
  ];
  test.each(credentials)('$credential.type: one cluster, one user, one context, and that is current', (row) => {
    const text = kubeconfigOf({ server: 'https://127.0.0.1:1', ca: '/ca', name: 'alice', credential: row.credential });
    expect(JSON.parse(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'holdpoint-local', cluster: { server: 'https://127.0.0.1:1', 'certificate-authority': '/ca' } },
      ],
      users: [{ name: 'alice', user: row.want }],
      contexts: [{ name: 'alice', context: { cluster: 'holdpoint-local', user: 'alice' } }],
      'current-context': 'alice',
    });
  });
});
