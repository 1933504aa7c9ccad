import { HoldpointError } from '../../errors.ts';

/** One line of a metric: its labels and its value, which may be NaN or infinite. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

const name = /[A-Za-z_:][\w:]*/y;
const labelName = /[A-Za-z_]\w*/y;
/** Go's ParseFloat, as far as the exposition writes it. Not `Number`, which takes an empty text for zero. */
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' };

/**
 * Reads the samples of the wanted series out of Prometheus' text format (version 0.0.4). An API server answers with tens of
 * thousands of lines of which four matter, so the others are passed over by their name alone; the wanted ones are read
 * strictly. A series that is not there has an empty list. Source: prometheus.io/docs/instrumenting/exposition_formats.
 *
 * @throws HoldpointError ERR_METRICS_INVALID naming line and place
 */
export function parsePrometheusText<Name extends string>(
  text: string,
  wanted: readonly Name[],
): Record<Name, readonly Sample[]> {
  const found = Object.fromEntries(wanted.map((each): [Name, Sample[]] => [each, []])) as Record<Name, Sample[]>;
  let lineNumber = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    lineNumber += 1;
    const series = seriesAt(text, start);
    if (series !== undefined && Object.hasOwn(found, series)) {
      // The last line ends with a line feed too; without one, the answer was cut off, perhaps within the number.
      if (newline === -1) throw invalid(lineNumber, series, 'the end of the line', 'the end of the text');
      found[series as Name].push(readSample(text.slice(start, end).replace(/\r$/, ''), series, lineNumber));
    }
    start = end + 1;
  }
  return found;
}

/** The name that a line begins with; undefined for a comment, an empty line, and what is none. */
function seriesAt(text: string, start: number): string | undefined {
  name.lastIndex = start;
  return name.exec(text)?.[0];
}

function readSample(line: string, series: string, lineNumber: number): Sample {
  const labels: [string, string][] = [];
  let at = series.length;
  const skipBlanks = (): void => {
    while (line[at] === ' ' || line[at] === '\t') at += 1;
  };
  const fail = (expected: string): HoldpointError => invalid(lineNumber, series, expected, shown(line[at]));
  skipBlanks();
  if (line[at] === '{') {
    at += 1;
    skipBlanks();
    while (line[at] !== '}') {
      labelName.lastIndex = at;
      const label = labelName.exec(line)?.[0];
      if (label === undefined) throw fail('the name of a label');
      at += label.length;
      skipBlanks();
      if (line[at] !== '=') throw fail(`"=" after the label ${label}`);
      at += 1;
      skipBlanks();
      if (line[at] !== '"') throw fail(`a quote before the value of ${label}`);
      at += 1;
      let value = '';
      for (; line[at] !== '"'; at += 1) {
        if (line[at] === undefined) throw fail(`a quote after the value of ${label}`);
        if (line[at] !== '\\') {
          value += line.charAt(at);
          continue;
        }
        at += 1;
        const escaped = escapes[line[at] ?? ''];
        if (escaped === undefined) throw fail(`\\\\, \\" or \\n in the value of ${label}`);
        value += escaped;
      }
      at += 1;
      if (labels.some(([known]) => known === label)) {
        throw invalid(lineNumber, series, 'each label once', `${label} twice`);
      }
      labels.push([label, value]);
      skipBlanks();
      if (line[at] === ',') {
        at += 1;
        skipBlanks();
      } else if (line[at] !== '}') throw fail(`"," or "}" after the value of ${label}`);
    }
    at += 1;
  }
  const [number = '', timestamp, ...more] = line
    .slice(at)
    .trim()
    .split(/[ \t]+/);
  const value = numberOf(number);
  if (value === undefined) throw invalid(lineNumber, series, 'a number', number === '' ? 'nothing' : 'another text');
  if ((timestamp !== undefined && !/^-?\d+$/.test(timestamp)) || more.length > 0) {
    throw invalid(lineNumber, series, 'at most a timestamp after the value', 'more');
  }
  return { labels: Object.fromEntries(labels), value };
}

function numberOf(text: string): number | undefined {
  switch (text) {
    case 'NaN':
      return NaN;
    case '+Inf':
    case 'Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    default:
      return decimal.test(text) ? Number(text) : undefined;
  }
}

function shown(character: string | undefined): string {
  return character === undefined ? 'the end of the line' : JSON.stringify(character);
}

function invalid(line: number, series: string, expected: string, got: string): HoldpointError {
  return new HoldpointError(
    'ERR_METRICS_INVALID',
    `line ${String(line)}, ${series}: expected ${expected}, got ${got}`,
    { details: { line, series } },
  );
}
