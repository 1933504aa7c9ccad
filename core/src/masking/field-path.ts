/**
 * The paths of a policy's `masking.fields`: JSONPath (RFC 9535) as far as naming a place goes. Filters, slices and scripts are
 * refused: a path says where a secret stands, and must cost no more than a walk through the object.
 */
export type FieldStep =
  | { step: 'field'; name: string }
  | { step: 'index'; index: number }
  | { step: 'every' }
  /** `..name`: the field of that name at any depth. */
  | { step: 'anywhere'; name: string };

export type FieldPath = readonly FieldStep[];

/** Longer paths than any schema has; a policy is read at every request. */
const longestPath = 512;

/** Each piece a path can be made of, tried in this order where the last one ended. */
const pieces: readonly { pattern: RegExp; toStep: (text: string) => FieldStep }[] = [
  { pattern: /\.\.([A-Za-z_][\w-]*)/y, toStep: (name) => ({ step: 'anywhere', name }) },
  { pattern: /\.\*|\[\*\]/y, toStep: () => ({ step: 'every' }) },
  { pattern: /\.([A-Za-z_][\w-]*)/y, toStep: (name) => ({ step: 'field', name }) },
  { pattern: /\[(\d{1,6})\]/y, toStep: (digits) => ({ step: 'index', index: Number(digits) }) },
  { pattern: /\['([^'\\]+)'\]/y, toStep: (name) => ({ step: 'field', name }) },
  { pattern: /\["([^"\\]+)"\]/y, toStep: (name) => ({ step: 'field', name }) },
];

/** Parses one path, or says what is wrong with it, and at which character. */
export function parseFieldPath(text: string): { path: FieldPath } | { problem: string } {
  if (text.length > longestPath) return { problem: `longer than ${String(longestPath)} characters` };
  if (!text.startsWith('$')) return { problem: 'at 0: a path begins with $' };
  const path: FieldStep[] = [];
  let at = 1;
  while (at < text.length) {
    const step = stepAt(text, at);
    if (step === undefined) {
      return {
        problem: `at ${String(at)}: expected .name, ..name, ['name'], [0], [*] or .*, got ${describe(text, at)}`,
      };
    }
    path.push(step.step);
    at = step.end;
  }
  return path.length === 0 ? { problem: 'at 1: $ alone is the whole object; name a field of it' } : { path };
}

function stepAt(text: string, at: number): { step: FieldStep; end: number } | undefined {
  for (const { pattern, toStep } of pieces) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return { step: toStep(match[1] ?? ''), end: at + match[0].length };
  }
  return undefined;
}

function describe(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 12));
}

/**
 * What is left of paths for somebody who has gone these steps, field by field or by an item's index: nothing of one that leads
 * elsewhere; an empty path where one has ended, which is at what is named or within it.
 */
export function pathsBehind(paths: readonly FieldPath[], steps: readonly string[]): readonly FieldPath[] {
  return steps.reduce((left, step) => left.flatMap((each) => pathBehind(each, step)), paths);
}

function pathBehind(path: FieldPath, step: string): FieldPath[] {
  const [first, ...rest] = path;
  if (first === undefined) return [path];
  if (first.step === 'anywhere') return first.name === step ? [rest, path] : [path];
  return isAlong(first, step) ? [rest] : [];
}

function isAlong(step: Exclude<FieldStep, { step: 'anywhere' }>, name: string): boolean {
  if (step.step === 'every') return true;
  // `-` stands for the end of a list, which is at some index.
  return step.step === 'index' ? name === '-' || name === String(step.index) : name === step.name;
}
