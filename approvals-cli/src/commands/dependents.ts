import { isJsonObject, type Hold, type JsonValue } from '@holdpoint/core';
import { KubeApiError, type RawClient } from '@holdpoint/platform';

/** What goes with a deleted object, and what could not be looked up. */
export interface Dependents {
  /** `pods/web-0`, or `3 pods` for a whole namespace or kind. */
  gone: string[];
  /** Resources that the caller may not list. */
  unseen: string[];
}

interface Listable {
  /** `/api/v1`, `/apis/apps/v1`. */
  root: string;
  plural: string;
  group: string;
  namespaced: boolean;
}

const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const metadataOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
/** As many at once as a browser would; a cluster has some tens of kinds. */
const listersAtOnce = 8;

/**
 * What a delete takes with it, looked up with the caller's own permissions and by metadata alone: the objects of a namespace
 * or of a CRD by count, otherwise those whose owner it is, and theirs.
 */
export async function dependentsOf(raw: RawClient, { spec }: Hold): Promise<Dependents> {
  const { change, request } = spec;
  const { resource, namespace, name = '' } = request;
  if (change.type !== 'Delete' || change.options?.propagationPolicy === 'Orphan') return { gone: [], unseen: [] };
  const listable = await listableResources(raw);
  if (resource.group === '' && resource.resource === 'namespaces') {
    return await counted(
      raw,
      listable.filter((each) => each.namespaced),
      name,
    );
  }
  if (resource.group === 'apiextensions.k8s.io' && resource.resource === 'customresourcedefinitions') {
    const dot = name.indexOf('.');
    const [plural, group] = [name.slice(0, dot), name.slice(dot + 1)];
    return await counted(
      raw,
      listable.filter((each) => each.plural === plural && each.group === group),
      undefined,
    );
  }
  const live = await uidOf(raw, listable, spec.request);
  if (live === undefined) return { gone: [], unseen: ['the object itself'] };
  return await owned(
    raw,
    listable.filter((each) => namespace === undefined || each.namespaced),
    namespace,
    live,
  );
}

async function listableResources(raw: RawClient): Promise<Listable[]> {
  const answers = await Promise.all(['/api', '/apis'].map((path) => raw.get(path, { accept: discovery })));
  return answers.flatMap((answer) => itemsOf(answer, 'items').flatMap(ofGroup));
}

function ofGroup(group: JsonValue): Listable[] {
  const metadata = isJsonObject(group) ? group['metadata'] : undefined;
  const name = isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const [preferred] = itemsOf(group, 'versions');
  if (!isJsonObject(preferred)) return [];
  const version = String(preferred['version']);
  const root = name === '' ? `/api/${version}` : `/apis/${name}/${version}`;
  return itemsOf(preferred, 'resources').flatMap((resource) => {
    if (!isJsonObject(resource) || !(resource['verbs'] as string[]).includes('list')) return [];
    return [
      { root, plural: String(resource['resource']), group: name, namespaced: resource['scope'] === 'Namespaced' },
    ];
  });
}

type Metadata = { name: string; uid: string; ownerReferences?: { uid: string }[] };

async function counted(raw: RawClient, kinds: Listable[], namespace: string | undefined): Promise<Dependents> {
  const { lists, unseen } = await listAll(raw, kinds, namespace);
  const gone = lists
    .filter(({ objects }) => objects.length > 0)
    .map(({ kind, objects }) => `${String(objects.length)} ${titleOf(kind)}`);
  return { gone, unseen };
}

async function owned(
  raw: RawClient,
  kinds: Listable[],
  namespace: string | undefined,
  uid: string,
): Promise<Dependents> {
  const { lists, unseen } = await listAll(raw, kinds, namespace);
  const owners = new Set([uid]);
  const gone = new Set<string>();
  // Once more as long as something was found: a ReplicaSet's pods go with the Deployment.
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const { kind, objects } of lists) {
      for (const object of objects) {
        if (!object.ownerReferences?.some((owner) => owners.has(owner.uid))) continue;
        owners.add(object.uid);
        gone.add(`${titleOf(kind)}/${object.name}`);
      }
    }
  }
  return { gone: [...gone].sort(), unseen };
}

async function listAll(raw: RawClient, kinds: Listable[], namespace: string | undefined) {
  const lists: { kind: Listable; objects: Metadata[] }[] = [];
  const unseen: string[] = [];
  const next = kinds.values();
  const read = async (): Promise<void> => {
    for (const kind of next) {
      const inNamespace = namespace !== undefined && kind.namespaced;
      const path = `${kind.root}/${inNamespace ? `namespaces/${namespace}/` : ''}${kind.plural}`;
      try {
        const objects = itemsOf(await raw.get(path, { accept: metadataOnly }), 'items');
        lists.push({ kind, objects: objects.map((each) => (each as { metadata: unknown }).metadata as Metadata) });
      } catch (error) {
        if (!(error instanceof KubeApiError)) throw error;
        unseen.push(titleOf(kind)); // Not permitted, or not served just now: told, and not passed over.
      }
    }
  };
  await Promise.all(Array.from({ length: listersAtOnce }, read));
  lists.sort((a, b) => titleOf(a.kind).localeCompare(titleOf(b.kind)));
  return { lists, unseen: unseen.sort() };
}

/** The hold's object is without its uid. The one of that name now is the one that a delete would meet. */
async function uidOf(raw: RawClient, kinds: Listable[], request: Hold['spec']['request']): Promise<string | undefined> {
  const { resource, namespace, name = '' } = request;
  const kind = kinds.find((each) => each.plural === resource.resource && each.group === resource.group);
  if (kind === undefined) return undefined;
  const where = namespace === undefined ? '' : `namespaces/${namespace}/`;
  try {
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const object = await raw.get(`${kind.root}/${where}${kind.plural}/${encodeURIComponent(name)}`, { accept });
    return (object as { metadata: Metadata }).metadata.uid;
  } catch (error) {
    if (error instanceof KubeApiError) return undefined;
    throw error;
  }
}

function titleOf({ plural, group }: Listable): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function itemsOf(value: unknown, key: string): JsonValue[] {
  if (!isJsonObject(value)) return [];
  const items = value[key];
  return Array.isArray(items) ? items : [];
}
