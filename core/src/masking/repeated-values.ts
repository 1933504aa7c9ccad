/**
 * Which of many values a text repeats. Not one look for each value: an object may hold ten thousand values and ten thousand texts,
 * and whoever writes it decides on both.
 */

/** A value, and the form of it that is looked for. */
export type Sought = readonly (readonly [shown: string, value: string])[];

/** The values that the text repeats, the longer first, since a shorter one may be a part of it; undefined when that is too much to find out. */
export type FindRepeated = (text: string) => readonly string[] | undefined;

/** Looking for a value where its first characters stand costs a step; past so many, values and texts were made to cost them. */
const mostSteps = 2_000_000;
/** So many are looked for one by one, which is faster. */
const few = 32;

/** @param shortest no value is shorter, in UTF-16 units */
export function createRepeatedValues(sought: Sought, shortest: number): FindRepeated {
  let byStart: ReadonlyMap<string, Sought> | undefined;
  let steps = 0;
  return (text) => {
    if (text.length < shortest || sought.length === 0) return [];
    if (sought.length <= few) return longerFirst(sought.filter(([shown]) => text.includes(shown)));
    byStart ??= groupByStart(sought, shortest);
    const found = new Set<Sought[number]>();
    for (let at = 0; at + shortest <= text.length; at += 1) {
      for (const each of byStart.get(text.slice(at, at + shortest)) ?? []) {
        steps += 1;
        if (steps > mostSteps) return undefined;
        if (text.startsWith(each[0], at)) found.add(each);
      }
    }
    return longerFirst([...found]);
  };
}

function longerFirst(found: Sought): readonly string[] {
  return [...new Set(found.map(([, value]) => value))].sort((a, b) => b.length - a.length);
}

function groupByStart(sought: Sought, shortest: number): ReadonlyMap<string, Sought> {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const each of sought) {
    const start = each[0].slice(0, shortest);
    const group = groups.get(start);
    if (group === undefined) groups.set(start, [each]);
    else group.push(each);
  }
  return groups;
}
