import type { RequestInfo } from '../requests/request-info.ts';

/** The groups with a dot that the API server itself serves; a definition's own has one always. Source: k8s.io/api. */
const builtIn = new Set(
  [
    ...['admissionregistration', 'apiextensions', 'apiregistration', 'authentication', 'authorization', 'certificates'],
    ...['coordination', 'discovery', 'events', 'flowcontrol.apiserver', 'internal.apiserver', 'networking', 'node'],
    ...['rbac.authorization', 'resource', 'scheduling', 'storage', 'storagemigration'],
  ].map((name) => `${name}.k8s.io`),
);

/**
 * True when somebody's own definition may say what the resource's columns show and what its refusals print: any field, under
 * any name.
 */
export function mayBeCustom({ apiGroup }: Pick<RequestInfo, 'apiGroup'>): boolean {
  return apiGroup.includes('.') && !builtIn.has(apiGroup);
}
