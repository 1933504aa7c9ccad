import type { RequestInfo } from './request-info.ts';

/** A request in a few words, for a sentence that says what became of it. */
export function describeRequest(info: RequestInfo): string {
  if (!info.isResourceRequest) return `${info.verb} ${info.path}`;
  const resource = [info.resource, info.subresource].filter((part) => part !== '').join('/');
  const group = info.apiGroup === '' ? '' : `.${info.apiGroup}`;
  const where = info.namespace === '' ? '' : ` in namespace ${info.namespace}`;
  return `${info.verb} ${resource}${group}${where}`;
}
