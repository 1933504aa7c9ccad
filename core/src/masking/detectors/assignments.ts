import { isSecretValue, secretNameKind } from './secret-name.ts';
import { trailingStart } from '../trailing.ts';
import type { Span } from './span.ts';
/**
 * A name, perhaps in quotes, perhaps with its type, and what assigns: `=`, `:`, `=>`, `:=`, make's `?=` and `::=`, PHP's `.=`. A
 * name begins where no name's character stands before it.
 */
const assignment =
  /(?<![\w.-])-{0,2}([A-Za-z0-9_][\w.-]{1,127})(?:\\{0,3}["'])?\]?(?::?[ \t]{1,4}(?:string|String|str|&str)(?=[ \t]{0,4}=))?[ \t]{0,8}(:{1,3}=|[?.]=|=>|!?={1,2}|:)(?!\/\/)/g;
/**
 * Up to what ends a value that is in no quotes; a separator ends it only where another assignment, or nothing, follows. A name
 * that only may be a secret's is looked behind less far: in a text of nothing but such names each would be read to its end.
 */
const bare = {
  strong: /(?:[^\s"'`&;,]|[&;,](?![ ]{0,4}[\w.-]{1,64}[ ]{0,4}=|\s|$)){1,65536}/y,
  weak: /(?:[^\s"'`&;,]|[&;,](?![ ]{0,4}[\w.-]{1,64}[ ]{0,4}=|\s|$)){1,256}/y,
};
const longestQuoted = 65_536;

/**
 * Values of secret names: `PASSWORD=x`, `password: x` in YAML, `"password": "x"` in JSON (also escaped, as within another
 * text), `Password=x;` in connection strings, `token=x&` in queries, a YAML block below its name. In prose, where a colon
 * follows many a word, only values that look like credentials.
 */
export function findAssignments(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(assignment)) {
    if (match.index < from) continue;
    const [whole, name = '', operator = ''] = match;
    const kind = secretNameKind(name);
    if (kind === undefined) continue;
    const at = match.index;
    const value = valueAt(text, at + whole.length, operator, isLineStart(text, at), bare[kind]);
    if (value === undefined) continue;
    if (value.block || isSecretValue(name, text.slice(value.start, value.end))) {
      // A comparison in an expression: with nothing, or with a word.
      if (/[=!]=$/.test(operator) && value.end - value.start < 6) continue;
      if (value.prose && !looksTyped(text.slice(value.start, value.end))) continue;
      if (value.end > value.start) spans.push({ start: value.start, end: value.end });
      from = value.end;
    }
  }
  return [...spans, ...findPairs(text)];
}

interface Value extends Span {
  /** Stands after a colon in the midst of a line. */
  prose: boolean;
  /** A YAML block. */
  block: boolean;
}

function valueAt(
  text: string,
  after: number,
  operator: string,
  lineStart: boolean,
  unquoted: RegExp,
): Value | undefined {
  let start = after;
  while (start < text.length && (text[start] === ' ' || text[start] === '\t') && start - after < 8) start += 1;
  // `name= x` is no assignment in a shell, but `name = x` is one in every configuration file.
  // What a shell would run to get the value: a shell has no space there, and Go and JavaScript have one before their backtick.
  if ((text[start] === '`' && start === after) || text.startsWith('$(', start)) return undefined;
  const escape = /\\{0,3}(?=["'`])/y;
  escape.lastIndex = start;
  const escaped = escape.exec(text)?.[0] ?? '';
  const quote = text[start + escaped.length];
  if (quote === '"' || quote === "'" || quote === '`') {
    const open = start + escaped.length + 1;
    return { start: open, end: closing(text, open, quote, escaped), prose: false, block: false };
  }
  if (operator === ':' && lineStart && /[|>]/.test(text[start] ?? '')) {
    const block = blockBelow(text, start);
    if (block !== undefined) return block;
  }
  if (operator === ':') {
    if (text[start] === '{' || text[start] === '[') return undefined;
    // Looked for at the start of a line alone: from every colon to the end of its line would take the square of a long one.
    const lineEnd = lineStart ? endOfLine(text, start) : start;
    if (
      lineStart &&
      (isOneOfLines(text, start) || !/\s/.test(text.slice(start, Math.min(lineEnd, start + 512)).trim()))
    ) {
      const line = withoutComment(text.slice(start, lineEnd)).trimEnd();
      return { start, end: start + line.length, prose: false, block: false };
    }
  }
  unquoted.lastIndex = start;
  const found = unquoted.exec(text)?.[0];
  if (found === undefined) return undefined;
  const length =
    operator !== ':' && /[([{]/.test(found) ? found.length : trailingStart(found, operator === ':' ? ')]}.' : ')]}');
  return { start, end: start + length, prose: operator === ':', block: false };
}

/** Not `\s+#.*$`: from each space of a long row of them it would look for the end of that row. */
function withoutComment(line: string): string {
  const at = line.search(/\s#/);
  return at < 0 ? line : line.slice(0, at);
}

function isLineStart(text: string, at: number): boolean {
  for (let i = at - 1, steps = 0; i >= 0 && steps < 64; i -= 1, steps += 1) {
    const character = text[i];
    if (character === '\n') return true;
    if (character !== ' ' && character !== '\t' && character !== '-' && character !== '"' && character !== "'")
      return false;
  }
  return at < 64;
}

function isOneOfLines(text: string, at: number): boolean {
  return text.lastIndexOf('\n', at) >= 0 || text.includes('\n', at);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** The quote that closes, or the end of the line, or of the longest value. */
function closing(text: string, open: number, quote: string, escaped: string): number {
  const stop = Math.min(text.length, open + longestQuoted);
  for (let i = open; i < stop; i += 1) {
    if (text[i] === '\\') {
      // Within a text of JSON, a quote closes when it has just as many backslashes as the one that opened.
      if (escaped !== '' && text.startsWith(`${escaped}${quote}`, i)) return i;
      i += 1;
    } else if (text[i] === quote && escaped === '') return i;
  }
  return stop;
}

function blockBelow(text: string, start: number): Value | undefined {
  const head = /[|>][+-]?\d?[ \t]{0,8}\r?\n/y;
  head.lastIndex = start;
  const opened = head.exec(text)?.[0];
  if (opened === undefined) return undefined;
  const lineFrom = text.lastIndexOf('\n', start) + 1;
  const indent = (line: string): number => line.length - line.trimStart().length;
  const own = indent(text.slice(lineFrom, start));
  const begin = start + opened.length;
  let end = begin;
  while (end < text.length) {
    const lineEnd = endOfLine(text, end);
    const line = text.slice(end, lineEnd);
    if (line.trim() !== '' && indent(line) <= own) break;
    end = lineEnd + 1;
  }
  return { start: begin, end: Math.min(text.length, Math.max(begin, end - 1)), prose: false, block: true };
}

/** What a person would not write in a sentence. */
function looksTyped(value: string): boolean {
  return value.length >= 8 && /\d|[^\w.-]/.test(value) && /[A-Za-z]/.test(value) && !/^https?:/.test(value);
}

/**
 * How the API server's messages print a container's environment: as Go or as JSON, in a line, or as a difference with the two
 * values one below the other.
 */
const goPair =
  /\bName\\{0,7}"?: {0,8}\\{0,7}"([\w.-]{1,128})\\{0,7}",\s{0,64}(?:[-+]\s{0,64})?\\{0,7}"?Value\\{0,7}"?: {0,8}\\{0,7}"((?:[^"\\]|\\[^"\\]){1,4096})\\{0,7}"(?:,\s{0,64}[-+]\s{0,64}\\{0,7}"?Value\\{0,7}"?: {0,8}\\{0,7}"((?:[^"\\]|\\[^"\\]){1,4096})\\{0,7}")?/dgi;
/** How the API server quotes a field that it refuses. Source: k8s.io/apimachinery/pkg/util/validation/field/errors.go. */
const refused =
  /(?<![\w.\][-])(?:[\w-]{1,64}(?:\[[^\]\s]{0,128}\])?\.){0,16}([\w-]{1,128})(?:\[[^\]\s]{0,128}\])?: (?:Invalid|Unsupported|Duplicate) value: (?:\\{0,3}"((?:[^"\\]|\\[^"]){1,4096})\\{0,3}"|([^\s":]{1,4096}))/dg;

/** An environment variable in a manifest that lies within a text. */
const yamlPair =
  /(?<![\w-])name: {0,8}["']?([\w.-]{1,128})["']?[ \t]{0,8}\r?\n[ \t]{0,64}value: {0,8}(?:"([^"\n]{1,4096})"|([^\s"][^\n]{0,4096}))/dg;

/** Settings of .NET, Ant, Maven and others: the name in one attribute, the value in the next. */
const attributePair = /(?:key|name)="([\w.:-]{1,128})"\s{1,16}value="([^"]{1,4096})"/dgi;

function findPairs(text: string): Span[] {
  const spans: Span[] = [];
  for (const pattern of [goPair, refused, yamlPair, attributePair]) {
    for (const match of text.matchAll(pattern)) {
      for (const group of [2, 3]) {
        const [start, end] = match.indices?.[group] ?? [0, 0];
        if (end > start && isSecretValue(match[1] ?? '', match[group] ?? '')) spans.push({ start, end });
      }
    }
  }
  return spans;
}
