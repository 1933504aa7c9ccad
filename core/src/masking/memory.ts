import { createGenerations } from '../generations.ts';
import { secretNameKind } from './detectors/secret-name.ts';

/**
 * What was found out about texts before. A cluster's events say the same names, groups, labels and reasons over and over: looking
 * a text up costs a fraction of looking through it. Nothing that was masked is in here.
 */
export interface TextMemory {
  /** True for a text in which nothing was found. */
  isHarmless(text: string): boolean;
  addHarmless(text: string): void;
  /** True for a text that does not look like a copy of a secret value: a label's or an annotation's, see maskMetadata. */
  isPlain(text: string): boolean;
  addPlain(text: string): void;
  /** `secretNameKind`, worked out once. */
  kindOf(name: string): 'strong' | 'weak' | undefined;
}

/** Longer ones seldom come twice, and would fill memory. */
const longest = 96;
/** Of each kind: some 2 MiB at the most. */
const mostTexts = 8_000;

export function createTextMemory(): TextMemory {
  const harmless = createGenerations<true>(mostTexts);
  const plain = createGenerations<true>(mostTexts);
  const kinds = createGenerations<'strong' | 'weak' | 'none'>(mostTexts);
  return {
    isHarmless: (text) => text.length <= longest && harmless.get(text) === true,
    addHarmless(text) {
      if (text.length <= longest) harmless.set(text, true);
    },
    isPlain: (text) => text.length <= longest && plain.get(text) === true,
    addPlain(text) {
      if (text.length <= longest) plain.set(text, true);
    },
    kindOf(name) {
      if (name.length > longest) return secretNameKind(name);
      let kind = kinds.get(name);
      if (kind === undefined) {
        kind = secretNameKind(name) ?? 'none';
        kinds.set(name, kind);
      }
      return kind === 'none' ? undefined : kind;
    },
  };
}
