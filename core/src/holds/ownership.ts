import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { canonicalJson } from './canonical-json.ts';
import type { OwnershipGain } from './hold.ts';

/**
 * Fields that a field manager comes to own by a write that leaves their values as they are. That is a change, though none shows:
 * what an Apply manager owns and then does not apply again is removed, so an agent that has somebody's pipeline own a field
 * has that pipeline delete it at its next run. Source: kubernetes-sigs/structured-merge-diff, KEP-555.
 *
 * Left out is what owning comes of by itself: fields that the write changes, and kubectl's own move from client-side to
 * server-side apply, which hands on to `kubectl` what `kubectl-client-side-apply` owned.
 */
export function ownershipGains(before: JsonValue, after: JsonValue): OwnershipGain[] {
  const entriesBefore = entriesOf(before);
  const lists = createItems();
  const moved = new Set(entriesBefore.filter((entry) => entry.isMovable).flatMap((entry) => [...entry.fields.keys()]));
  return entriesOf(after).flatMap((entry) => {
    if (!entry.isApply) return [];
    const owned = entriesBefore.find((each) => each.isApply && each.key === entry.key)?.fields;
    const gained = [...entry.fields]
      .filter(([path]) => owned?.has(path) !== true && !moved.has(path) && path !== lastAppliedPath)
      .filter(([, steps]) => isSame(valueAt(before, steps, lists), valueAt(after, steps, lists)))
      .map(([path]) => path);
    return gained.length === 0 ? [] : [{ manager: entry.manager, fields: gained.sort() }];
  });
}

interface Entry {
  manager: string;
  /** A manager's fields of each subresource are apart. */
  key: string;
  isApply: boolean;
  /** What kubectl takes over when it turns to server-side apply. Source: client-go util/csaupgrade. */
  isMovable: boolean;
  /** By their path in FieldsV1, with the steps that it has. */
  fields: ReadonlyMap<string, readonly string[]>;
}

const movable: readonly string[] = ['kubectl-client-side-apply', 'before-first-apply'];
const lastAppliedPath = 'f:metadata f:annotations f:kubectl.kubernetes.io/last-applied-configuration';

function entriesOf(object: JsonValue): Entry[] {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  const managed = isJsonObject(metadata) ? metadata['managedFields'] : undefined;
  if (!Array.isArray(managed)) return [];
  return managed.filter(isJsonObject).map((entry) => {
    const { manager, operation, subresource, fieldsV1 } = entry;
    const name = typeof manager === 'string' ? manager : '';
    const fields = new Map<string, readonly string[]>();
    collect(fieldsV1 ?? null, [], fields);
    return {
      manager: name,
      key: JSON.stringify([name, subresource ?? '']),
      isApply: operation === 'Apply',
      isMovable: operation === 'Update' && movable.includes(name),
      fields,
    };
  });
}

/** FieldsV1 is a tree of `f:name`, `k:{"key":…}`, `v:value` and `i:index`; `.` is the node itself, and so is an empty one. */
function collect(node: JsonValue, steps: readonly string[], into: Map<string, readonly string[]>): void {
  if (!isJsonObject(node)) return;
  const keys = Object.keys(node);
  if (keys.length === 0 && steps.length > 0) into.set(steps.join(' '), steps);
  for (const key of keys) {
    if (key === '.') into.set(steps.join(' '), steps);
    else collect(node[key] ?? null, [...steps, key], into);
  }
}

function valueAt(value: JsonValue, steps: readonly string[], items: Items): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const step of steps) {
    if (at === undefined) return undefined;
    at = childAt(at, step, items);
  }
  return at;
}

function childAt(value: JsonValue, step: string, items: Items): JsonValue | undefined {
  const rest = step.slice(2);
  if (step.startsWith('f:')) return isJsonObject(value) && Object.hasOwn(value, rest) ? value[rest] : undefined;
  if (!Array.isArray(value)) return undefined;
  if (step.startsWith('i:')) return value[Number(rest)];
  const wanted = parsed(rest);
  if (wanted === undefined) return undefined;
  if (step.startsWith('v:')) return items.of(value, undefined).get(canonicalJson(wanted));
  if (!isJsonObject(wanted)) return undefined;
  const names = Object.keys(wanted);
  return items.of(value, names).get(keyOf(wanted, names) ?? '');
}

/**
 * The items of lists, by what they are known by. A list may have ten thousand, each of which is owned: looked for one after the
 * other, they would cost the square of that.
 */
interface Items {
  /** @param names of the fields that they are known by; undefined: each by its whole value */
  of(list: readonly JsonValue[], names: readonly string[] | undefined): ReadonlyMap<string, JsonValue>;
}

/** Kubernetes' lists are known by one to three fields; a client may write others into the bookkeeping, each of them another way. */
const mostWays = 16;
/** Found in neither of two objects, an item counts as the same in both, and is shown. */
const noItems: ReadonlyMap<string, JsonValue> = new Map();

function createItems(): Items {
  const known = new Map<readonly JsonValue[], Map<string, ReadonlyMap<string, JsonValue>>>();
  return {
    of(list, names) {
      const ways = known.get(list) ?? new Map<string, ReadonlyMap<string, JsonValue>>();
      known.set(list, ways);
      const way = names === undefined ? '' : JSON.stringify(names);
      const found = ways.get(way);
      if (found !== undefined) return found;
      if (ways.size >= mostWays) return noItems;
      const items = itemsBy(list, names);
      ways.set(way, items);
      return items;
    },
  };
}

/** Of several that are known by the same, the first. */
function itemsBy(list: readonly JsonValue[], names: readonly string[] | undefined): ReadonlyMap<string, JsonValue> {
  const items = new Map<string, JsonValue>();
  for (const item of list) {
    const key = names === undefined ? canonicalJson(item) : keyOf(item, names);
    if (key !== undefined && !items.has(key)) items.set(key, item);
  }
  return items;
}

/** Undefined for what has not all of these fields. */
function keyOf(item: JsonValue, names: readonly string[]): string | undefined {
  if (!isJsonObject(item) || !names.every((name) => item[name] !== undefined)) return undefined;
  return canonicalJson(names.map((name) => item[name] ?? null));
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // No field of anything: it names nothing that could be the same.
  }
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}
