import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { canonicalJson } from './canonical-json.ts';
import { hasGeneratedName } from './generated-name.ts';
import { withoutAllocations } from './normalise-service.ts';

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

/** What the plugin puts into that volume, to the letter. Source: plugin/pkg/admission/serviceaccount TokenVolumeSource. */
const tokenVolumeSource = canonicalJson({
  defaultMode: 420,
  sources: [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
    {
      downwardAPI: { items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }] },
    },
  ],
});

/** The labels by which a Job finds its pods: the uid it was just given. Source: pkg/registry/batch/job generateSelector. */
const jobUidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid'];

/**
 * The object without what the server or time put there, so that the same request asked again is the same. Whatever a
 * person would care about stays: an approval must not cover what the approver was not shown. Does not touch its input.
 */
export function normaliseObject(object: JsonObject): JsonObject {
  const { metadata, ...rest } = object;
  if (!isJsonObject(metadata)) return { ...object };
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(metadata)) if (!serverMetadata.includes(key)) define(kept, key, value);
  if (hasGeneratedName(object)) delete kept['name'];
  const normalised: JsonObject = { ...rest, metadata: kept };
  switch (`${String(object['apiVersion'])} ${String(object['kind'])}`) {
    case 'v1 Pod':
      return withSpec(normalised, withoutTokenVolume);
    case 'v1 Service':
      return withSpec(normalised, (spec) => withoutAllocations(spec, metadata['managedFields']));
    case 'holdpoint.dev/v1alpha1 Grant': {
      // Stamped by our own mutating webhook, with the time of each attempt.
      const { status: _status, ...asked } = normalised;
      return asked;
    }
    case 'batch/v1 Job':
      return withSpec(normalised, (spec) => withoutJobUid(spec, metadata['uid']));
    default:
      return normalised;
  }
}

function withSpec(object: JsonObject, change: (spec: JsonObject) => JsonObject): JsonObject {
  return isJsonObject(object['spec']) ? { ...object, spec: change(object['spec']) } : object;
}

function withoutTokenVolume(spec: JsonObject): JsonObject {
  const { volumes } = spec;
  if (!Array.isArray(volumes)) return spec;
  const names = volumes.filter(isTokenVolume).map((volume) => volume.name);
  if (names.length === 0) return spec;
  const next: JsonObject = { ...spec, volumes: volumes.filter((volume) => !isTokenVolume(volume)) };
  for (const containers of ['containers', 'initContainers', 'ephemeralContainers']) {
    const list = spec[containers];
    if (Array.isArray(list)) next[containers] = list.map((each) => withoutTokenMount(each, names));
  }
  return next;
}

/** The plugin's own volume and no other: one that only took its name is the agent's, and stays for the approver to see. */
function isTokenVolume(volume: JsonValue): volume is { name: string; projected: JsonValue } {
  return (
    isJsonObject(volume) &&
    typeof volume['name'] === 'string' &&
    tokenVolume.test(volume['name']) &&
    Object.keys(volume).length === 2 &&
    canonicalJson(volume['projected'] ?? null) === tokenVolumeSource
  );
}

function withoutTokenMount(container: JsonValue, names: readonly string[]): JsonValue {
  if (!isJsonObject(container) || !Array.isArray(container['volumeMounts'])) return container;
  const pluginMounts = names.map((name) => canonicalJson({ mountPath: tokenMountPath, name, readOnly: true }));
  const volumeMounts = container['volumeMounts'].filter((mount) => !pluginMounts.includes(canonicalJson(mount)));
  return { ...container, volumeMounts };
}

function withoutJobUid(spec: JsonObject, uid: JsonValue | undefined): JsonObject {
  const { selector, template } = spec;
  const next: JsonObject = { ...spec };
  if (isJsonObject(selector)) next['selector'] = withoutUidLabels(selector, 'matchLabels', uid);
  if (isJsonObject(template) && isJsonObject(template['metadata'])) {
    next['template'] = { ...template, metadata: withoutUidLabels(template['metadata'], 'labels', uid) };
  }
  return next;
}

function withoutUidLabels(parent: JsonObject, field: string, uid: JsonValue | undefined): JsonObject {
  const labels = parent[field];
  if (!isJsonObject(labels)) return parent;
  const kept = Object.entries(labels).filter(([key, value]) => !(jobUidLabels.includes(key) && value === uid));
  return { ...parent, [field]: Object.fromEntries(kept) };
}

/** Assignment would lose a key `__proto__`; a definition does not. */
function define(object: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
