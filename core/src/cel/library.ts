import type { Meter } from './meter.ts';

/**
 * A function of the library: the signature that an expression is checked by, and what it does. It runs in time linear in
 * its arguments, or pays for more at the meter, and checks with the meter before it makes a long string.
 */
export interface CelFunction {
  signature: string;
  run: (...values: never[]) => unknown;
}

/** One library: types and namespaces (`math` in `math.greatest`) that it brings, and its functions. */
export interface CelLibrary {
  types?: readonly { name: string; constructor: new (...args: never[]) => unknown }[];
  namespaces?: readonly string[];
  functions: readonly CelFunction[];
}

export type CelLibraryOf = (meter: Meter) => CelLibrary;

/** The type that stands for a namespace, as signatures name it. */
export function namespaceType(name: string): string {
  return `${name}Namespace`;
}
