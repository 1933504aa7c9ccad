import { namespaceType, type CelLibrary } from '../library.ts';
import type { Meter } from '../meter.ts';
import { celCompare, isIn } from '../values.ts';

/** Arguments that `math.greatest` and `math.least` are called with at most; a list takes more. */
const maxArguments = 10;

/** cel-go's sets extension. Each element is compared with each, and paid for. */
export function sets(meter: Meter): CelLibrary {
  const type = namespaceType('sets');
  const contains = (all: unknown[], some: unknown[]): boolean => some.every((each) => isIn(each, all, meter));
  return {
    namespaces: ['sets'],
    functions: [
      {
        signature: `${type}.contains(list, list): bool`,
        run: (_sets: unknown, a: unknown[], b: unknown[]) => contains(a, b),
      },
      {
        signature: `${type}.equivalent(list, list): bool`,
        run: (_sets: unknown, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
      },
      {
        signature: `${type}.intersects(list, list): bool`,
        run: (_sets: unknown, a: unknown[], b: unknown[]) => a.some((each) => isIn(each, b, meter)),
      },
    ],
  };
}

/** `math.greatest` and `math.least` of cel-go's math extension: of numbers, or of one list of them. */
export function numbers(meter: Meter): CelLibrary {
  const type = namespaceType('math');
  const extreme =
    (sign: 1 | -1) =>
    (_math: unknown, ...values: unknown[]) => {
      const [first] = values;
      const all = values.length === 1 && Array.isArray(first) ? (first as unknown[]) : values;
      if (all.length === 0) throw new Error('math.greatest() and math.least() need a number at least');
      if (all.some((each) => typeof each === 'string' || typeof each === 'boolean'))
        throw new Error('no such overload');
      celCompare(all[0], 0n, meter);
      return all.reduce((best, each) => (celCompare(each, best, meter) === sign ? each : best));
    };
  const signatures = Array.from({ length: maxArguments }, (_, i) =>
    Array(i + 1)
      .fill('dyn')
      .join(', '),
  );
  return {
    namespaces: ['math'],
    functions: signatures.flatMap((args) => [
      { signature: `${type}.greatest(${args}): dyn`, run: extreme(1) },
      { signature: `${type}.least(${args}): dyn`, run: extreme(-1) },
    ]),
  };
}
