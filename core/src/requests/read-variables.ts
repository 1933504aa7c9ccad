import { toReadActivation, type CelActivation } from '../cel/compile-cel.ts';
import type { UserInfo } from '../identity/user-info.ts';
import type { RequestReading } from './request-info.ts';
import { valuesOf } from './request-path.ts';

/** A request as the conditions of a read rule see it; each parameter has the value that the API server takes. */
export function readActivationOf(
  user: UserInfo,
  { info, query }: Pick<RequestReading, 'info' | 'query'>,
): CelActivation {
  const { verb, path, isResourceRequest, apiGroup, apiVersion, resource, subresource, namespace, name } = info;
  const names = [...new Set(query.map(([parameter]) => parameter))];
  return toReadActivation({
    ...{ verb, path, isResourceRequest, apiGroup, apiVersion, resource, subresource, namespace, name },
    labelSelector: valuesOf(query, 'labelSelector')[0] ?? '',
    fieldSelector: valuesOf(query, 'fieldSelector')[0] ?? '',
    command: subresource === 'exec' ? valuesOf(query, 'command') : [],
    container: valuesOf(query, 'container')[0] ?? '',
    query: Object.fromEntries(names.map((parameter) => [parameter, valuesOf(query, parameter)])),
    user: {
      username: user.username,
      groups: [...user.groups],
      extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])),
    },
  });
}
