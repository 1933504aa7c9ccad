import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';

/** What the server writes into metadata by itself, and differently at every attempt. */
const serverMetadata = [
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** The volume that the ServiceAccount admission plugin adds to a pod, under a name that is new at every attempt. */
const tokenVolume = /^kube-api-access-[a-z0-9]{5}$/;
const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The object without what the server or time put there, so that the same request asked again is the same. Whatever a
 * person would care about stays. Does not touch its input.
 */
export function normaliseObject(object: JsonObject): JsonObject {
  const { metadata, ...rest } = object;
  if (!isJsonObject(metadata)) return { ...object };
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(metadata)) if (!serverMetadata.includes(key)) define(kept, key, value);
  if (typeof kept['generateName'] === 'string' && kept['generateName'] !== '') delete kept['name'];
  const normalised: JsonObject = { ...rest, metadata: kept };
  return object['kind'] === 'Pod' ? withoutTokenVolume(normalised) : normalised;
}

function withoutTokenVolume(pod: JsonObject): JsonObject {
  const { spec } = pod;
  if (!isJsonObject(spec)) return pod;
  const next: JsonObject = { ...spec };
  if (Array.isArray(spec['volumes'])) {
    next['volumes'] = spec['volumes'].filter((volume) => !isTokenVolume(volume));
  }
  for (const containers of ['containers', 'initContainers', 'ephemeralContainers']) {
    const list = spec[containers];
    if (Array.isArray(list)) next[containers] = list.map(withoutTokenMount);
  }
  return { ...pod, spec: next };
}

/**
 * Only the plugin's own volume: a projected one. A hostPath volume that took its name is the agent's, and stays for the
 * approver to see.
 */
function isTokenVolume(volume: JsonValue): boolean {
  return (
    isJsonObject(volume) &&
    typeof volume['name'] === 'string' &&
    tokenVolume.test(volume['name']) &&
    Object.keys(volume).length === 2 &&
    isJsonObject(volume['projected'])
  );
}

function withoutTokenMount(container: JsonValue): JsonValue {
  if (!isJsonObject(container) || !Array.isArray(container['volumeMounts'])) return container;
  const volumeMounts = container['volumeMounts'].filter(
    (mount) =>
      !(
        isJsonObject(mount) &&
        typeof mount['name'] === 'string' &&
        tokenVolume.test(mount['name']) &&
        mount['mountPath'] === tokenMountPath
      ),
  );
  return { ...container, volumeMounts };
}

/** Assignment would lose a key `__proto__`; a definition does not. */
function define(object: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
