import { Optional } from '../cel-js.ts';
import { namespaceType, type CelLibrary } from '../library.ts';
import type { CelObject } from '../values.ts';
import { decodeBase64 } from './base64.ts';
import { parseUrl } from './urls.ts';

/** A rule for text that Kubernetes has a name for. It tells what is wrong with a text. */
export class NamedFormat implements CelObject {
  readonly name: string;
  readonly problemsOf: (text: string) => string[];

  constructor(name: string, problemsOf: (text: string) => string[]) {
    this.name = name;
    this.problemsOf = problemsOf;
  }

  equals(other: unknown): boolean {
    return other instanceof NamedFormat && other.name === this.name;
  }
}

/** The parts below are read by linear patterns: one class a step, nothing nested that could match one text in two ways. */
function shape(pattern: RegExp, maxLength: number, problem: string): (text: string) => string[] {
  return (text) => {
    const problems = text.length > maxLength ? [`must be no more than ${String(maxLength)} characters`] : [];
    return problems.length === 0 && !pattern.test(text) ? [problem] : problems;
  };
}

/** A prefix may end as a name may not: something follows it. */
function prefixOf(problemsOf: (text: string) => string[]): (text: string) => string[] {
  return (text) => problemsOf(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
}

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const dns1123Label = shape(
  new RegExp(`^${label}$`),
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
);
const dns1123Subdomain = shape(
  new RegExp(`^${label}(?:\\.${label})*$`),
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
);
const dns1035Label = shape(
  /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
);
const valueProblem =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValue = shape(/^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, 63, valueProblem);
const namePart = shape(/^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/, 63, `name part ${valueProblem}`);

function qualifiedName(text: string): string[] {
  const slash = text.indexOf('/');
  if (slash < 0) return namePart(text);
  return [...dns1123Subdomain(text.slice(0, slash)), ...namePart(text.slice(slash + 1))];
}

function uri(text: string): string[] {
  try {
    parseUrl(text);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function byte(text: string): string[] {
  try {
    decodeBase64(text);
    return text === '' ? ['invalid base64'] : [];
  } catch {
    return ['invalid base64'];
  }
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function date(text: string): string[] {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return day !== undefined && isDay(Number(year), Number(month), Number(day)) ? [] : ['invalid date'];
}

function datetime(text: string): string[] {
  const match = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)$/.exec(
    text.slice(0, 64),
  );
  const fits = match !== null && date(match[1] as string).length === 0 && Number(match[2]) < 24 && Number(match[3]) < 60 && Number(match[4]) < 60; // prettier-ignore
  return fits ? [] : ['invalid datetime'];
}

const uuid = shape(
  /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  36,
  'does not match the UUID format',
);

const formats: ReadonlyMap<string, NamedFormat> = new Map(
  Object.entries({
    dns1123Label, dns1123Subdomain, dns1035Label, qualifiedName, labelValue, uri, uuid, byte, date, datetime,
    dns1123LabelPrefix: prefixOf(dns1123Label),
    dns1123SubdomainPrefix: prefixOf(dns1123Subdomain),
    dns1035LabelPrefix: prefixOf(dns1035Label),
  }).map(([name, problemsOf]) => [name, new NamedFormat(name, problemsOf)]),
); // prettier-ignore

const type = 'kubernetes.NamedFormat';

/** Kubernetes' format library. */
export function namedFormats(): CelLibrary {
  return {
    types: [{ name: type, constructor: NamedFormat }],
    namespaces: ['format'],
    functions: [
      {
        signature: `${namespaceType('format')}.named(string): optional<${type}>`,
        run: (_format: unknown, name: string) => {
          const found = formats.get(name);
          return found === undefined ? Optional.none() : Optional.of(found);
        },
      },
      ...Array.from(formats, ([name, format]) => ({
        signature: `${namespaceType('format')}.${name}(): ${type}`,
        run: () => format,
      })),
      {
        signature: `${type}.validate(string): optional<list<string>>`,
        run: ({ problemsOf }: NamedFormat, text: string) => {
          const problems = problemsOf(text);
          return problems.length === 0 ? Optional.none() : Optional.of(problems);
        },
      },
    ],
  };
}
