import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ResourceRule, RuleTarget } from '@holdpoint/core';

/** An admission webhook that lets everything pass and keeps what it was asked, by the rule that it was asked for. */
export interface CountingWebhook {
  /** A ValidatingWebhookConfiguration with one webhook a rule, for this user's requests alone. */
  configuration(username: string): object;
  askedBy(rule: number): RuleTarget[];
  close(): Promise<void>;
}

interface Review {
  request: {
    uid: string;
    operation: RuleTarget['operation'];
    resource: RuleTarget['resource'];
    subResource?: string;
    namespace?: string;
    name?: string;
  };
}

/** Idle connections of the API server live 90 s; ours must not end before. */
const keepAliveMs = 120_000;

export async function startCountingWebhook(
  rules: readonly ResourceRule[],
  keys: { cert: string; key: string; ca: string },
): Promise<CountingWebhook> {
  const asked = rules.map((): RuleTarget[] => []);
  const server = createServer({ cert: readFileSync(keys.cert), key: readFileSync(keys.key) }, (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const {
        uid,
        operation,
        resource,
        subResource = '',
        namespace = '',
        name = '',
      } = (JSON.parse(text) as Review).request;
      const rule = Number(request.url?.slice(1).split('?')[0]);
      asked[rule]?.push({ operation, resource, subresource: subResource, namespace, name });
      response.setHeader('content-type', 'application/json');
      const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
      response.end(JSON.stringify(answer));
    });
  });
  server.keepAliveTimeout = keepAliveMs;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const caBundle = readFileSync(keys.ca).toString('base64');
  return {
    configuration: (username) => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'counting' },
      webhooks: rules.map(({ apiVersions = ['*'], resourceNames: _none, ...rule }, i) => ({
        name: `rule-${String(i)}.matrix.test`,
        clientConfig: { url: `https://127.0.0.1:${String(port)}/${String(i)}`, caBundle },
        rules: [{ ...rule, apiVersions }],
        matchConditions: [{ name: 'one-user', expression: `request.userInfo.username == "${username}"` }],
        matchPolicy: 'Exact',
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      })),
    }),
    askedBy: (rule) => asked[rule] ?? [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
