import { refuse, type Refusal } from '../refusal.ts';

/** What is asked of the API server, which is always JSON, and how the client gets it. */
export interface Negotiated {
  /** The Accept header for the API server. */
  accept: string;
  answerAs: 'json' | 'yaml';
}

interface Clause {
  type: string;
  /** `as=Table;v=v1;g=meta.k8s.io`: what is asked for, whatever the encoding. */
  parameters: readonly string[];
  quality: number;
}

/**
 * Chooses the encoding of an answer that is read here: JSON, or YAML where the client prefers it. Table and metadata-only
 * variants stay. Refuses (406) what accepts protobuf or CBOR alone: an answer in these could not be read, and so not be masked.
 *
 * @param isStream YAML has no way to write a stream of events down
 */
export function negotiate(accept: string | undefined, isStream: boolean): Negotiated | Refusal {
  const clauses = parseAccept(accept ?? '*/*');
  const json = clauses.filter(({ type }) => type === 'application/json' || isAny(type)).map(asJson);
  const yaml = isStream ? [] : clauses.filter(({ type }) => type === 'application/yaml');
  const first = clauses.find(({ type }) => type === 'application/json' || isAny(type) || type === 'application/yaml');
  if (first?.type === 'application/yaml' && yaml.length > 0) {
    return { accept: unique(yaml.map(asJson)).join(', '), answerAs: 'yaml' };
  }
  if (json.length > 0) return { accept: unique(json).join(', '), answerAs: 'json' };
  return refuse('notAcceptable', 'only application/json and, but for watches, application/yaml are served here');
}

function isAny(type: string): boolean {
  return type === '*/*' || type === 'application/*';
}

function asJson({ parameters }: Clause): string {
  return ['application/json', ...parameters].join(';');
}

/** Best first, as the client wrote them where it likes them the same. What has no quality at all is not accepted. */
function parseAccept(accept: string): Clause[] {
  return accept
    .split(',')
    .map((text) => text.split(';').map((part) => part.trim()))
    .filter(([type]) => type !== '')
    .map(([type = '', ...parameters]) => ({
      type: type.toLowerCase(),
      parameters: parameters.filter((each) => !/^q\s*=/i.test(each)),
      quality: qualityOf(parameters),
    }))
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
}

function qualityOf(parameters: readonly string[]): number {
  const [, text] = parameters.map((each) => /^q\s*=\s*([\d.]+)$/i.exec(each)).find((match) => match !== null) ?? [];
  return text === undefined ? 1 : Number(text) || 0;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
