import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extraKeys, serviceAccountUsername } from '@holdpoint/core';
import { createAuthority, type Authority, type CertifiedKey } from '../certificates.ts';
import { audience } from '../users.ts';
import { nodeName } from './kwok-configuration.ts';

export interface KeyFiles {
  cert: string;
  key: string;
}

/** Every file that a stack's processes are started with; all below the stack's own folder. */
export interface StackFiles {
  ca: string;
  caPem: string;
  apiServer: KeyFiles;
  /** What the kubelet serves with. */
  kubelet: KeyFiles;
  /** What it calls the API server with: under a kubelet's own name, so that the audit log does not take it for a person. */
  node: KeyFiles;
  issuer: KeyFiles;
  services: KeyFiles;
  /** system:masters. */
  admin: KeyFiles;
  controllerManager: KeyFiles;
  /** The audit sink's service account: it starts before there is an API server that could give it a token. */
  auditsink: KeyFiles;
  serviceAccount: { key: string; publicKey: string };
  /** How the proxy knows who somebody is. */
  authenticationConfig: string;
  /** The same for the API server, which also takes over the session: so it is on record without the proxy too. */
  apiServerAuthenticationConfig: string;
  /** A kubeconfig that points the API server's audit backend at our intake. */
  auditWebhookConfig: string;
  maskKey: string;
  intakeToken: string;
  queryToken: string;
  /** Another server certificate by the stack's own authority, for a renewal. */
  issueServer: Authority['issueServer'];
}

/** Writes them. Keys are readable by their owner alone, as the folder is. */
export async function writeStackFiles(
  folder: string,
  input: { issuerUrl: string; auditUrl: string },
): Promise<StackFiles> {
  const pki = join(folder, 'pki');
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  const write = (name: string, content: string): string => {
    const file = join(pki, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const writeKey = (name: string, issued: CertifiedKey): KeyFiles => ({
    cert: write(`${name}.crt`, issued.certificate),
    key: write(`${name}.key`, issued.key),
  });

  const authority = await createAuthority('holdpoint-local');
  const ca = write('ca.crt', authority.certificate);
  const serviceAccount = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const intakeToken = randomBytes(32).toString('hex');

  return {
    ca,
    caPem: authority.certificate,
    apiServer: writeKey(
      'kube-apiserver',
      await authority.issueServer('kube-apiserver', ['kubernetes', 'kubernetes.default.svc']),
    ),
    kubelet: writeKey('kubelet', await authority.issueServer('kubelet')),
    // system:masters in place of the node authorizer, which would want to know every pod before its kubelet may.
    node: writeKey('node', await authority.issueClient(`system:node:${nodeName}`, ['system:nodes', 'system:masters'])),
    issuer: writeKey('issuer', await authority.issueServer('issuer')),
    services: writeKey('services', await authority.issueServer('holdpoint')),
    admin: writeKey('admin', await authority.issueClient('admin', ['system:masters'])),
    controllerManager: writeKey(
      'kube-controller-manager',
      await authority.issueClient('system:kube-controller-manager'),
    ),
    auditsink: writeKey(
      'auditsink-client',
      await authority.issueClient(serviceAccountUsername('holdpoint-system', 'holdpoint-auditsink'), [
        'system:serviceaccounts',
        'system:serviceaccounts:holdpoint-system',
      ]),
    ),
    serviceAccount: {
      key: write('service-account.key', serviceAccount.privateKey),
      publicKey: write('service-account.pub', serviceAccount.publicKey),
    },
    authenticationConfig: write(
      'authentication.json',
      JSON.stringify(authenticationConfiguration(input.issuerUrl, authority.certificate, {}), undefined, 2),
    ),
    apiServerAuthenticationConfig: write(
      'api-server-authentication.json',
      JSON.stringify(
        authenticationConfiguration(input.issuerUrl, authority.certificate, {
          extra: [{ key: extraKeys.session, valueExpression: 'claims.sid' }],
        }),
        undefined,
        2,
      ),
    ),
    auditWebhookConfig: write(
      'audit-webhook.json',
      JSON.stringify(auditKubeconfig(input.auditUrl, ca, intakeToken), undefined, 2),
    ),
    maskKey: write('mask.key', randomBytes(32).toString('hex')),
    intakeToken: write('intake.token', intakeToken),
    queryToken: write('query.token', randomBytes(32).toString('hex')),
    issueServer: (...subject) => authority.issueServer(...subject),
  };
}

/** Source: apiserver.config.k8s.io/v1 AuthenticationConfiguration. */
function authenticationConfiguration(url: string, certificateAuthority: string, more: object): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url, audiences: [audience], certificateAuthority },
        claimMappings: {
          username: { claim: 'sub', prefix: '' },
          groups: { claim: 'groups', prefix: '' },
          ...more,
        },
      },
    ],
  };
}

function auditKubeconfig(server: string, ca: string, token: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'auditsink', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'kube-apiserver', user: { token } }],
    contexts: [{ name: 'audit', context: { cluster: 'auditsink', user: 'kube-apiserver' } }],
    'current-context': 'audit',
  };
}
