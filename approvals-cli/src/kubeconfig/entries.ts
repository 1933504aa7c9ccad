import { HoldpointError, isJsonObject, type JsonObject } from '@holdpoint/core';

/** One cluster, one user and the context that joins them, all of one name. */
export interface KubeconfigEntries {
  name: string;
  cluster: JsonObject;
  user: JsonObject;
  namespace: string | undefined;
}

/** A kubeconfig that has nothing but them. */
export function kubeconfigOf(entries: KubeconfigEntries): JsonObject {
  return mergeEntries({ apiVersion: 'v1', kind: 'Config' }, entries, { replace: false, use: true });
}

/**
 * Adds them to a kubeconfig, and touches nothing else in it. The current context stays what it is, unless there is none, or
 * `use` asks for ours.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID for another entry of that name without `replace`, or for what is no kubeconfig
 */
export function mergeEntries(
  before: unknown,
  { name, cluster, user, namespace }: KubeconfigEntries,
  { replace, use }: { replace: boolean; use: boolean },
): JsonObject {
  if (!isJsonObject(before) || (before['kind'] ?? 'Config') !== 'Config') {
    throw new HoldpointError('ERR_CONFIG_INVALID', 'expected a kubeconfig (kind: Config)');
  }
  const context = { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) };
  const withEntry = (list: string, kind: string, value: JsonObject): JsonObject[] => {
    const entries = before[list] ?? [];
    if (!Array.isArray(entries) || !entries.every(isJsonObject)) {
      throw new HoldpointError('ERR_CONFIG_INVALID', `${list}: expected a list of objects`);
    }
    const entry = { name, [kind]: value };
    const at = entries.findIndex((each) => each['name'] === name);
    if (at === -1) return [...entries, entry];
    if (!replace && !isSame(entries[at], entry)) {
      const message = `${list} has another ${name} already: give a --name of its own, or --replace`;
      throw new HoldpointError('ERR_CONFIG_INVALID', message);
    }
    return entries.map((each, index) => (index === at ? entry : each));
  };
  const current = before['current-context'];
  return {
    apiVersion: 'v1',
    kind: 'Config',
    ...before,
    clusters: withEntry('clusters', 'cluster', cluster),
    users: withEntry('users', 'user', user),
    contexts: withEntry('contexts', 'context', context),
    'current-context': use || typeof current !== 'string' || current === '' ? name : current,
  };
}

function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((each, index) => isSame(each, other[index]));
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}
