import type { CelLibrary } from '../library.ts';
import { maxInt, minInt, type CelObject } from '../values.ts';

const suffixes: ReadonlyMap<string, readonly [base: bigint, exponent: number]> = new Map([
  ['', [10n, 0]], ['n', [10n, -9]], ['u', [10n, -6]], ['m', [10n, -3]], ['k', [10n, 3]], ['M', [10n, 6]],
  ['G', [10n, 9]], ['T', [10n, 12]], ['P', [10n, 15]], ['E', [10n, 18]],
  ['Ki', [2n, 10]], ['Mi', [2n, 20]], ['Gi', [2n, 30]], ['Ti', [2n, 40]], ['Pi', [2n, 50]], ['Ei', [2n, 60]],
]); // prettier-ignore

/** Kubernetes rounds up to a billionth, and so counts in these. */
const nano = 1_000_000_000n;
/** The longest quantity that makes sense has some twenty digits; big numbers cost more than their length to read. */
const maxLength = 64;
const maxExponent = 200;
/** Kubernetes caps a quantity with a binary suffix at 2^63 - 1. */
const maxNanos = maxInt * nano;

/** resource.Quantity of k8s.io/apimachinery, as an exact number of billionths. */
export class Quantity implements CelObject {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  equals(other: unknown): boolean {
    return other instanceof Quantity && other.nanos === this.nanos;
  }
}

/** @throws Error where the text is no quantity */
export function parseQuantity(text: string): Quantity {
  if (text.length > maxLength) throw new RangeError(`a quantity has at most ${String(maxLength)} characters here`);
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,10}))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', suffix = '', exponentText] = match ?? [];
  if (match === null || whole + fraction === '') throw new Error(`"${text.slice(0, maxLength)}" is no quantity`);
  const [base, exponent] =
    exponentText === undefined ? (suffixes.get(suffix) as readonly [bigint, number]) : [10n, Number(exponentText)];
  const digits = BigInt(whole + fraction);
  // Two that are unequal must not be made equal by a cap, and powers of a million digits are not for an agent to ask for.
  if (Math.abs(exponent) > maxExponent)
    throw new RangeError(`a quantity's exponent is at most ${String(maxExponent)} here`);
  const scale = (n: number): bigint => base ** BigInt(n);
  let numerator = digits * nano * (exponent > 0 ? scale(exponent) : 1n);
  const denominator = 10n ** BigInt(fraction.length) * (exponent < 0 ? scale(-exponent) : 1n);
  numerator = (numerator + denominator - 1n) / denominator;
  if (base === 2n && sign !== '-' && numerator > maxNanos) numerator = maxNanos;
  return new Quantity(sign === '-' ? -numerator : numerator);
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch (error) {
    // Too long for us is not "no quantity": Kubernetes might read it.
    if (error instanceof RangeError) throw error;
    return false;
  }
}

function isInteger({ nanos }: Quantity): boolean {
  return nanos % nano === 0n && nanos / nano <= maxInt && nanos / nano >= minInt;
}

function asInteger(quantity: Quantity): bigint {
  if (!isInteger(quantity)) throw new Error('cannot convert value to integer');
  return quantity.nanos / nano;
}

function compare(a: Quantity, b: Quantity): bigint {
  return a.nanos < b.nanos ? -1n : a.nanos > b.nanos ? 1n : 0n;
}

const type = 'kubernetes.Quantity';

/** Kubernetes' quantity library. */
export function quantity(): CelLibrary {
  return {
    types: [{ name: type, constructor: Quantity }],
    functions: [
      { signature: `quantity(string): ${type}`, run: parseQuantity },
      { signature: 'isQuantity(string): bool', run: isQuantity },
      { signature: `${type}.sign(): int`, run: (q: Quantity) => compare(q, new Quantity(0n)) },
      { signature: `${type}.isInteger(): bool`, run: isInteger },
      { signature: `${type}.asInteger(): int`, run: asInteger },
      {
        signature: `${type}.asApproximateFloat(): double`,
        run: ({ nanos }: Quantity) => Number(nanos / nano) + Number(nanos % nano) / Number(nano),
      },
      {
        signature: `${type}.add(${type}): ${type}`,
        run: (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos),
      },
      { signature: `${type}.add(int): ${type}`, run: (a: Quantity, b: bigint) => new Quantity(a.nanos + b * nano) },
      {
        signature: `${type}.sub(${type}): ${type}`,
        run: (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos),
      },
      { signature: `${type}.sub(int): ${type}`, run: (a: Quantity, b: bigint) => new Quantity(a.nanos - b * nano) },
      { signature: `${type}.isLessThan(${type}): bool`, run: (a: Quantity, b: Quantity) => a.nanos < b.nanos },
      { signature: `${type}.isGreaterThan(${type}): bool`, run: (a: Quantity, b: Quantity) => a.nanos > b.nanos },
      { signature: `${type}.compareTo(${type}): int`, run: compare },
    ],
  };
}
