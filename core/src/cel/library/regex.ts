import { RE2JS } from 're2js';
import type { CelLibrary } from '../library.ts';
import type { Meter } from '../meter.ts';
import { toIndex } from '../values.ts';

/** A pattern that a person writes is shorter; each repetition of `{1000}` in it makes a program of a thousand steps. */
const maxPatternLength = 1_000;
/** Steps of a compiled pattern. `[a-z]{63}` has about 70; what is larger takes milliseconds to compile alone. */
const maxProgramSize = 5_000;
/** A policy set has some dozens of patterns; one may come from a request, so what is kept is bounded. */
const maxRegexes = 512;
/**
 * RE2 takes, for each character, as many steps as its program has at worst. Measured, one takes 10 to 30 ns, a fifth of a
 * unit of the meter.
 */
const costOfProgramStep = 0.2;

export interface Regexes {
  /** @throws Error where it is no pattern of RE2, or one beyond bounds */
  compile(pattern: string): RE2JS;
}

export function createRegexes(meter: Meter): Regexes {
  const kept = new Map<string, RE2JS>();
  return {
    compile(pattern) {
      const known = kept.get(pattern);
      if (known !== undefined) return known;
      // Compiling costs too: patterns may come from the data, a new one for each element of a list.
      meter.spend(pattern.length);
      const regex = compileRegex(pattern);
      meter.spend(regex.programSize());
      if (kept.size >= maxRegexes) kept.clear();
      kept.set(pattern, regex);
      return regex;
    },
  };
}

export function compileRegex(pattern: string): RE2JS {
  if (pattern.length > maxPatternLength) {
    throw new Error(`a pattern has ${String(pattern.length)} characters, and ${String(maxPatternLength)} are allowed`);
  }
  // RE2 itself refuses nested repetitions beyond 1,000. What stands side by side adds up, before a size can be asked for.
  const repeated = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)];
  const sum = repeated.reduce((size, [, least, most]) => size + Math.max(Number(least), Number(most ?? 0)), 0);
  if (sum > maxProgramSize)
    throw new Error(`a pattern repeats ${String(sum)} times, and ${String(maxProgramSize)} are allowed`);
  const regex = RE2JS.compile(pattern);
  if (regex.programSize() > maxProgramSize) {
    throw new Error(`a pattern makes ${String(regex.programSize())} steps, and ${String(maxProgramSize)} are allowed`);
  }
  return regex;
}

/**
 * `matches`, `find` and `findAll` on RE2, as Kubernetes has them. JavaScript's RegExp backtracks: a name of thirty letters,
 * chosen by the agent that is judged, could stop the webhook for seconds. RE2 takes linear time.
 */
export function regex(meter: Meter): CelLibrary {
  const regexes = createRegexes(meter);
  const matcherOf = (text: string, pattern: string) => {
    const compiled = regexes.compile(pattern);
    meter.spend(text.length * compiled.programSize() * costOfProgramStep);
    return compiled.matcher(text);
  };
  const findAll = (text: string, pattern: string, limit: bigint): string[] => {
    const most = limit < 0n ? Number.MAX_SAFE_INTEGER : toIndex(limit);
    const found: string[] = [];
    const matcher = matcherOf(text, pattern);
    const costOfSearch = text.length * regexes.compile(pattern).programSize() * costOfProgramStep;
    while (found.length < most && matcher.find()) {
      found.push(matcher.group() ?? '');
      // Each search may read on to the end before it knows that nothing better is there: so many matches, so many readings.
      meter.spend(1 + costOfSearch);
    }
    return found;
  };
  return {
    functions: [
      {
        signature: 'string.matches(string): bool',
        run: (text: string, pattern: string) => matcherOf(text, pattern).find(),
      },
      {
        signature: 'matches(string, string): bool',
        run: (text: string, pattern: string) => matcherOf(text, pattern).find(),
      },
      {
        signature: 'string.find(string): string',
        run: (text: string, pattern: string) => {
          const matcher = matcherOf(text, pattern);
          return matcher.find() ? (matcher.group() ?? '') : '';
        },
      },
      {
        signature: 'string.findAll(string): list<string>',
        run: (text: string, pattern: string) => findAll(text, pattern, -1n),
      },
      { signature: 'string.findAll(string, int): list<string>', run: findAll },
    ],
  };
}
