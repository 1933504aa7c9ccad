import { elevationPrefix, serviceAccountUsername, type KubernetesObject, type Subject } from '@holdpoint/core';

/** Where the API server finds us, and whose word it takes that it is us. */
export interface ClientConfig {
  /** For a server outside the cluster: `https://host:port`. */
  url: string;
  /** PEM, base64. */
  caBundle: string;
}

export interface RegistrationInput {
  client: ClientConfig;
  /** Everybody who is governed by some policy. */
  subjects: readonly Subject[];
  /** Our own username: what we write ourselves is not asked about. */
  ownUsername: string;
  /** By which it is known to be us, and not somebody who impersonates us: see core's hasOwnCredential. */
  credentialExtra: string;
}

/** admissionregistration.k8s.io/v1, with every default spelled out, so that a change by anybody else shows. */
export interface WebhookConfiguration extends KubernetesObject {
  webhooks: readonly Webhook[];
}
interface Webhook {
  name: string;
  clientConfig: { url: string; caBundle: string };
  rules: readonly {
    apiGroups: string[];
    apiVersions: string[];
    resources: string[];
    operations: string[];
    scope: string;
  }[];
  matchConditions?: readonly { name: string; expression: string }[];
  failurePolicy: 'Fail';
  matchPolicy: 'Equivalent';
  namespaceSelector: object;
  objectSelector: object;
  sideEffects: 'None' | 'NoneOnDryRun';
  timeoutSeconds: number;
  admissionReviewVersions: readonly ['v1'];
  reinvocationPolicy?: 'Never';
}

/** The name of both configurations. */
export const configurationName = 'holdpoint.dev';
/** The webhook that judges writes; its name stands in front of every audit annotation of a decision. */
export const judgeName = 'judge.holdpoint.dev';

/**
 * Within 10 s we have read a hold and written one, or the API server is in no state to take a write. A person's pause is
 * never spent inside a call: the API server has 200 of those at once, for everybody.
 */
const timeoutSeconds = 10;

/**
 * The validating side: writes of governed subjects, and policies. Only the governed ever reach the judge, so its
 * `failurePolicy: Fail` stops nobody else.
 */
export function validatingConfiguration(input: RegistrationInput): WebhookConfiguration {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: configurationName },
    webhooks: [
      {
        ...webhook(judgeName, input.client, '/validate'),
        rules: [rule(['*'], ['*/*'], ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'])],
        matchConditions: [notOurselves(input), { name: 'governed', expression: governedExpression(input.subjects) }],
        sideEffects: 'NoneOnDryRun',
      },
      {
        ...webhook('policies.holdpoint.dev', input.client, '/policies'),
        rules: [rule(['holdpoint.dev'], ['accesspolicies'], ['CREATE', 'UPDATE'])],
        sideEffects: 'None',
      },
    ],
  };
}

/**
 * The mutating side: decisions on holds and grants, by anybody, and updates of governed subjects, in which masks are restored
 * before they are judged. Never DELETE: an uninstall must not wait for us. Never CREATE of anything else: a new object has no
 * value that a mask could stand for.
 */
export function mutatingConfiguration(input: RegistrationInput): WebhookConfiguration {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: configurationName },
    webhooks: [
      {
        ...webhook('decide.holdpoint.dev', input.client, '/decide'),
        rules: [rule(['holdpoint.dev'], ['holds', 'holds/*', 'grants', 'grants/*'], ['CREATE', 'UPDATE'])],
        matchConditions: [notOurselves(input)],
        sideEffects: 'None',
        reinvocationPolicy: 'Never',
      },
      {
        ...webhook('restore.holdpoint.dev', input.client, '/restore'),
        rules: [rule(['*'], ['*/*'], ['UPDATE'])],
        matchConditions: [notOurselves(input), { name: 'governed', expression: governedExpression(input.subjects) }],
        sideEffects: 'None',
        // What another webhook adds after us is no mask of ours.
        reinvocationPolicy: 'Never',
      },
    ],
  };
}

/**
 * CEL that is false for what we write ourselves. The built-in role `edit` may impersonate service accounts, ours among them; who
 * does so has left the credential behind, and is asked about like everybody.
 */
function notOurselves({ ownUsername, credentialExtra }: RegistrationInput): { name: string; expression: string } {
  const isAnother = `request.userInfo.username != ${celString(ownUsername)}`;
  const isImpersonated = `!has(request.userInfo.extra) || !(${celString(credentialExtra)} in request.userInfo.extra)`;
  return {
    name: 'not-ourselves',
    expression: credentialExtra === '' ? isAnother : `${isAnother} || ${isImpersonated}`,
  };
}

/** True for whoever is in a group that rules elevate to, whatever the policies are just now: nobody is in one but for a request. */
export const elevatedClause = `(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g.startsWith(${celString(elevationPrefix)})))`;

/**
 * CEL that is true for the governed, and for who is elevated. A user without groups has no such field, and an error would stop that
 * user.
 */
export function governedExpression(subjects: readonly Subject[]): string {
  const groups = subjects.filter((subject) => subject.kind === 'Group').map((subject) => subject.name);
  const users = subjects
    .filter((subject) => subject.kind !== 'Group')
    .map((subject) =>
      subject.kind === 'User' ? subject.name : serviceAccountUsername(subject.namespace ?? '', subject.name),
    );
  const clauses = [
    ...(users.length === 0 ? [] : [`request.userInfo.username in ${celList(users)}`]),
    ...(groups.length === 0
      ? []
      : [`(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ${celList(groups)}))`]),
    elevatedClause,
  ];
  return clauses.join(' || ');
}

function webhook(name: string, client: ClientConfig, path: string) {
  return {
    name,
    clientConfig: { url: `${client.url}${path}`, caBundle: client.caBundle },
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds,
    admissionReviewVersions: ['v1'],
  } as const;
}

function rule(apiGroups: string[], resources: string[], operations: string[]) {
  return { apiGroups, apiVersions: ['*'], resources, operations, scope: '*' };
}

function celList(names: readonly string[]): string {
  // Sorted, so that every replica writes the same registration.
  return `[${[...new Set(names)].sort().map(celString).join(', ')}]`;
}

/** A JSON string is a CEL string: the escapes of the one are a subset of the other's. */
function celString(text: string): string {
  return JSON.stringify(text);
}
