import type { JsonObject, JsonValue, Operation } from '@holdpoint/core';
import { storedDeployment } from './deployment.ts';
import { benchNamespace } from './policies.ts';

/** Whose writes they are. */
export const benchUser = { username: 'coding-agent', groups: ['ai-agents', 'system:authenticated'] };

/** The bytes of a review of a Deployment's UPDATE (one annotation changes), as the API server sends it. */
export function updateReview(i: number): Buffer {
  const object = storedDeployment('shop', benchNamespace, { revision: i + 1 });
  const oldObject = storedDeployment('shop', benchNamespace, { revision: i });
  return reviewOf(i, 'UPDATE', object, oldObject);
}

/** The bytes of a review of its CREATE. */
export function createReview(i: number): Buffer {
  return reviewOf(i, 'CREATE', storedDeployment('shop', benchNamespace, { revision: i }), null);
}

function reviewOf(i: number, operation: Operation, object: JsonObject, oldObject: JsonValue): Buffer {
  const kind = { group: 'apps', version: 'v1', kind: 'Deployment' };
  const resource = { group: 'apps', version: 'v1', resource: 'deployments' };
  return Buffer.from(
    JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        uid: `705ab4f5-6393-11e8-b7cc-${String(i).padStart(12, '0')}`,
        kind,
        resource,
        requestKind: kind,
        requestResource: resource,
        name: 'shop',
        namespace: benchNamespace,
        operation,
        userInfo: { ...benchUser, extra: { 'holdpoint.dev/session': ['session-1'] } },
        object,
        oldObject,
        dryRun: false,
        options: { kind: 'PatchOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl' },
      },
    }),
  );
}
