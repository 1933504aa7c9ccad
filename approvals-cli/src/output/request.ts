import type { HoldRequest } from '@holdpoint/core';

/** A held request in a few words: `UPDATE deployments/web -n prod`, `CONNECT pods/web-0 exec -n prod`. */
export function printRequest(request: HoldRequest): string {
  const { group, resource } = request.resource;
  const name = `${resource}${group === '' ? '' : `.${group}`}/${request.name ?? '(generated name)'}`;
  return [
    request.operation,
    name,
    ...(request.subresource === undefined ? [] : [request.subresource]),
    ...(request.namespace === undefined ? [] : ['-n', request.namespace]),
  ].join(' ');
}
