import type { Canaries } from '../src/canaries.ts';
import { leaksIn } from './search.ts';

/** What may be another: places of planted values, and of Secrets everything in `data`, whatever it says. */
export interface Values {
  canaries: Canaries;
  /** True where all that is compared are Secrets. */
  secrets: boolean;
}

/**
 * Where what was seen differs from what is real although no value stands there: a field that lost its harmless text, a key
 * that is gone or was added. Of `data`, which is base64, a mask must be base64 too.
 */
export function changesBesideValues(real: unknown, seen: unknown, values: Values): string[] {
  return changesAt('', real, seen, values);
}

const secretData = /(?:^|\])\.data\.[^/]+$/;

function changesAt(path: string, real: unknown, seen: unknown, values: Values): string[] {
  if (Array.isArray(real) && Array.isArray(seen) && real.length === seen.length) {
    return real.flatMap((each, at) => changesAt(`${path}[${String(at)}]`, each, seen[at], values));
  }
  if (isMap(real) && isMap(seen)) return changesOfKeys(path, real, seen, values);
  if (real === seen || (isAge(real) && isAge(seen))) return [];
  const ofSecret = values.secrets && secretData.test(path);
  if (!ofSecret && !holdsValue(real, values)) {
    return [`${path}: ${JSON.stringify(real)?.slice(0, 200)} became ${JSON.stringify(seen)?.slice(0, 200)}`];
  }
  if (ofSecret && !isBase64(seen)) return [`${path}: is no base64 any more`];
  return typeof real === typeof seen ? [] : [`${path}: was ${typeof real}, became ${typeof seen}`];
}

/** managedFields have the items of sets as keys. */
function changesOfKeys(
  path: string,
  real: Record<string, unknown>,
  seen: Record<string, unknown>,
  values: Values,
): string[] {
  const gone = Object.keys(real).filter((key) => !(key in seen));
  const added = Object.keys(seen).filter((key) => !(key in real));
  const masked = gone.filter((key) => holdsValue(key, values));
  return [
    ...gone.filter((key) => !masked.includes(key)).map((key) => `${path}.${key}: is gone`),
    ...added.slice(masked.length).map((key) => `${path}.${key}: was added`),
    ...Object.keys(real)
      .filter((key) => key in seen)
      .flatMap((key) => changesAt(`${path}.${key}`, real[key], seen[key], values)),
  ];
}

function holdsValue(leaf: unknown, { canaries }: Values): boolean {
  const bytes = Buffer.from(JSON.stringify(leaf) ?? '');
  return leaksIn({ head: '', encoding: 'identity', bytes }, canaries).length > 0;
}

/** A Table's AGE is told anew each time. */
function isAge(leaf: unknown): boolean {
  return typeof leaf === 'string' && /^(?:\d+[dhms])+$/.test(leaf);
}

function isBase64(leaf: unknown): boolean {
  return typeof leaf === 'string' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(leaf);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
