import type { Span } from './span.ts';

const kindSecret = /^[ \t]{0,64}(?:- )?["']?kind["']?:[ \t]{0,8}["']?(?:Secret|SecretList)["']?[ \t]{0,8}\r?$/m;
const valuesKey = /^([ \t]{0,64})(?:- )?["']?(?:data|stringData)["']?:[ \t]{0,8}\r?$/;
const entry = /^([ \t]{1,128}["']?[\w.-]{1,253}["']?:[ \t]{0,8})(\S.*)$/;

/** The values of Secrets written down as YAML, in one document or several: what lies below `data` and `stringData`. */
export function findInManifests(text: string): Span[] {
  if (!text.includes('kind') || !kindSecret.test(text)) return [];
  const spans: Span[] = [];
  let start = 0;
  /** Indentation of the `data:` that we are below, or -1. */
  let below = -1;
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length;
    const key = valuesKey.exec(line);
    if (key !== null) below = indent;
    else if (below >= 0 && line.trim() !== '') {
      if (indent <= below) below = -1;
      else {
        const [, name, value] = entry.exec(line) ?? [];
        // A line that begins no entry goes on with a block or a folded text.
        if (name === undefined || value === undefined) {
          if (!/:\s*$/.test(line)) spans.push({ start: start + indent, end: start + line.trimEnd().length });
        } else if (!/^[|>][+-]?\d?\s*$/.test(value)) {
          const quoted = /^(["']).*\1\s*$/.test(value) ? 1 : 0;
          spans.push({
            start: start + name.length + quoted,
            end: start + name.length + value.trimEnd().length - quoted,
          });
        }
      }
    }
    start += line.length + 1;
  }
  return spans.filter((span) => span.end > span.start);
}
