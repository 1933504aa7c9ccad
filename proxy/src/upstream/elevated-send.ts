/**
 * Just-in-time permission: sends a request with the groups that a rule may add to it, and without where the rule that decides adds
 * none.
 *
 * The hazards, and what each led to:
 *
 * A write that tells. Its answer, an error before admission, a dry run or a change of nothing show what stands there, and no person
 * was asked. So a request is elevated only if the user may read the object without: what is added is writing, never reading.
 *
 * A permission that nobody judges. What is guessed here is judged by the webhook, by the groups as the API server tells them; what
 * it never sees is never elevated (core's possibleElevations).
 *
 * A permission that changes hands while a person thinks. A held request is sent again with the groups that it was held with.
 */
import { elevationCauseReason, isFailureStatus, isJsonObject, type Elevation, type JsonValue } from '@holdpoint/core';
import { readBody } from '@holdpoint/platform';
import type { Answer } from '../pause/held-answer.ts';
import { queryValues, type ProxyRequest } from '../request/proxy-request.ts';
import type { ApiServer } from './api-server.ts';
import { upstreamHeaders } from './impersonation.ts';

/** Sends one request of the client, as often as it takes to find the permission that its rule adds. */
export type ElevatedSend = <Other extends object>(
  send: (groups: Elevation) => Promise<Other | Answer>,
) => Promise<Other | Answer>;

/** A Status is small; what is larger is not one that is looked for here. */
const maxStatusBytes = 1_048_576;

/** One for each request of the client: it remembers which permission was the right one, for the next attempt after a pause. */
export function createElevatedSend(apiServer: ApiServer, request: ProxyRequest, signal: AbortSignal): ElevatedSend {
  const { elevations = [] } = request;
  if (elevations.length === 0) return (send) => send([]);
  let permissions: readonly Elevation[] | undefined;
  let at = 0;
  return async (send) => {
    permissions ??= (await mayRead(apiServer, request, signal)) ? [...elevations, []] : [[]];
    for (;;) {
      const result = await send(permissions[at] ?? []);
      const isLast = at >= permissions.length - 1;
      if (isLast || !('answer' in result) || result.answer.statusCode !== 403) return result;
      const body = await readBody(result.answer, maxStatusBytes);
      if (!isForWantOfPermission(body)) return { answer: result.answer, body };
      at += 1;
    }
  };
}

/**
 * Whether the user may read what they ask to change, without any permission added. A create tells nothing that its sender has not
 * sent, but for a dry run's "already exists".
 */
async function mayRead(apiServer: ApiServer, request: ProxyRequest, signal: AbortSignal): Promise<boolean> {
  const { info, url } = request;
  if (info.verb === 'create' && info.subresource === '' && queryValues(url, 'dryRun').length === 0) return true;
  const { namespace, apiGroup, apiVersion, resource, name } = info;
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'get', group: apiGroup, version: apiVersion, resource, namespace, name } },
  };
  const json = { accept: 'application/json', 'content-type': 'application/json' };
  const answer = await apiServer.send({
    method: 'POST',
    url: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    headers: upstreamHeaders({ ...request, headers: json }),
    body: Buffer.from(JSON.stringify(review)),
    signal,
  });
  const reviewed = parse(await readBody(answer, maxStatusBytes));
  const status = isJsonObject(reviewed) ? reviewed['status'] : undefined;
  return answer.statusCode === 201 && isJsonObject(status) && status['allowed'] === true;
}

/**
 * A 403 for which another permission, or none, may be the cure: RBAC's, and the webhook's to a permission that is not the rule's.
 * Source: apiserver pkg/endpoints/handlers/responsewriters/errors.go forbiddenMessage.
 */
function isForWantOfPermission(body: Buffer): boolean {
  const status: unknown = parse(body);
  if (!isFailureStatus(status)) return false;
  const causes = status.details?.causes ?? [];
  if (causes.length > 0) return causes.some(({ reason }) => reason === elevationCauseReason);
  return / is forbidden: User ".*" cannot /.test(status.message);
}

function parse(body: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return undefined; // Not JSON, so neither the webhook's nor RBAC's.
  }
}
