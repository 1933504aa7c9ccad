import type { CelLibrary } from '../library.ts';
import type { CelObject } from '../values.ts';

/** A semantic version, https://semver.org; what is built of it takes no part in the order. */
export class Semver implements CelObject {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    this.numbers = numbers;
    this.pre = pre;
  }

  equals(other: unknown): boolean {
    return other instanceof Semver && compare(this, other) === 0n;
  }
}

/** What the longest tag of an image is; beyond that nothing is a version. */
const maxLength = 256;
const maxNumber = 2n ** 63n - 1n;
const number = '(0|[1-9]\\d{0,18})';
const identifiers = (each: string): string => `${each}(?:\\.${each})*`;
const pattern = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${identifiers('(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)')}))?(?:\\+${identifiers('[0-9a-zA-Z-]+')})?$`,
);

/** @throws Error where the text is no version */
function parse(text: string, normalize = false): Semver {
  if (text.length > maxLength) throw new RangeError(`a version has at most ${String(maxLength)} characters here`);
  const match = pattern.exec(normalize ? normalized(text) : text);
  if (match === null) throw new Error(`"${text.slice(0, 64)}" is no semantic version`);
  const numbers = [match[1], match[2], match[3]].map((each) => BigInt(each ?? 0));
  if (numbers.some((each) => each > maxNumber))
    throw new Error(`"${text}" is no semantic version: a number is too large`);
  return new Semver(numbers as unknown as [bigint, bigint, bigint], match[4]?.split('.') ?? []);
}

/** Without `v`, without leading zeros, with the numbers that are missing. */
function normalized(text: string): string {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)(.*)$/s.exec(text) ?? [];
  const parts = numbers.split('.').map((each) => each.replace(/^0+(?=\d)/, ''));
  // As in Kubernetes: a version with a pre-release or build has all its three numbers.
  while (parts.length < 3 && rest === '') parts.push('0');
  return parts.join('.') + rest;
}

function isSemver(text: string, normalize = false): boolean {
  try {
    parse(text, normalize);
    return true;
  } catch (error) {
    // Too long for us is not "no version".
    if (error instanceof RangeError) throw error;
    return false;
  }
}

function compare(a: Semver, b: Semver): bigint {
  for (const i of [0, 1, 2] as const) {
    if (a.numbers[i] !== b.numbers[i]) return a.numbers[i] < b.numbers[i] ? -1n : 1n;
  }
  // A pre-release comes before its release.
  if (a.pre.length === 0 || b.pre.length === 0) return BigInt(Math.sign(b.pre.length - a.pre.length));
  for (const [i, left] of a.pre.entries()) {
    const right = b.pre[i];
    if (right === undefined) return 1n;
    if (left !== right) return comparePre(left, right);
  }
  return a.pre.length < b.pre.length ? -1n : 0n;
}

function comparePre(a: string, b: string): bigint {
  const [aIsNumber, bIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aIsNumber && bIsNumber) return BigInt(a) < BigInt(b) ? -1n : 1n;
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1n : 1n;
  return a < b ? -1n : 1n;
}

const type = 'kubernetes.Semver';

/** Kubernetes' semver library, version 1. */
export function semver(): CelLibrary {
  return {
    types: [{ name: type, constructor: Semver }],
    functions: [
      { signature: `semver(string): ${type}`, run: (text: string) => parse(text) },
      { signature: `semver(string, bool): ${type}`, run: parse },
      { signature: 'isSemver(string): bool', run: (text: string) => isSemver(text) },
      { signature: 'isSemver(string, bool): bool', run: isSemver },
      { signature: `${type}.major(): int`, run: ({ numbers }: Semver) => numbers[0] },
      { signature: `${type}.minor(): int`, run: ({ numbers }: Semver) => numbers[1] },
      { signature: `${type}.patch(): int`, run: ({ numbers }: Semver) => numbers[2] },
      { signature: `${type}.compareTo(${type}): int`, run: compare },
      { signature: `${type}.isLessThan(${type}): bool`, run: (a: Semver, b: Semver) => compare(a, b) < 0n },
      { signature: `${type}.isGreaterThan(${type}): bool`, run: (a: Semver, b: Semver) => compare(a, b) > 0n },
    ],
  };
}
