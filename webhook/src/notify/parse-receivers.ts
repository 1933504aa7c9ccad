import { HoldpointError, isJsonObject, parseDurationSeconds } from '@holdpoint/core';

/** Somebody who is told, as the receivers file has it. The URL may be a credential: it is in no message and no log. */
export interface Receiver {
  name: string;
  url: string;
  format: 'Slack' | 'JSON';
  timeoutMs: number;
  /** Signs what is sent. Only for JSON: Slack verifies nothing. */
  hmacKeyFile?: string;
  /** PEM, instead of the system's authorities. */
  caFile?: string;
  bearerTokenFile?: string;
}

/** An answer takes a second on a bad day; ten say that nobody is there. */
const defaultTimeoutSeconds = 10;
/** A slot of the receiver is taken for as long. */
const maxTimeoutSeconds = 30;
/** Of each there is a queue, and a label in the metrics. */
const maxReceivers = 100;

const fields = ['name', 'url', 'format', 'timeout', 'hmacKeyFile', 'caFile', 'bearerTokenFile'];

/**
 * Reads the content of a receivers file.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the path in it, and never a URL
 */
export function parseReceivers(value: unknown): Receiver[] {
  const list = isJsonObject(value) ? value['receivers'] : undefined;
  if (!isJsonObject(value) || !Array.isArray(list)) throw invalid('receivers', 'expected a list of receivers');
  const unknown = Object.keys(value).find((key) => key !== 'receivers');
  if (unknown !== undefined) throw invalid(unknown, 'unknown field; there is: receivers');
  if (list.length > maxReceivers) throw invalid('receivers', `at most ${String(maxReceivers)}`);
  const names = new Set<string>();
  return list.map((entry: unknown, i) => {
    const receiver = parseReceiver(entry, `receivers[${String(i)}]`);
    if (names.has(receiver.name)) throw invalid(`receivers[${String(i)}].name`, 'names another receiver too');
    names.add(receiver.name);
    return receiver;
  });
}

function parseReceiver(entry: unknown, path: string): Receiver {
  if (!isJsonObject(entry)) throw invalid(path, 'expected {name, url, format}');
  const unknown = Object.keys(entry).find((key) => !fields.includes(key));
  if (unknown !== undefined) throw invalid(`${path}.${unknown}`, `unknown field; there are: ${fields.join(', ')}`);
  const optional = (field: string): string | undefined => {
    const value = entry[field];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value === '')
      throw invalid(`${path}.${field}`, 'expected a text that is not empty');
    return value;
  };
  const required = (field: string): string => {
    const value = optional(field);
    if (value === undefined) throw invalid(`${path}.${field}`, 'is required');
    return value;
  };

  const name = required('name');
  // As the policy's schema has it, so that whatever is here can be named there.
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > 63) {
    throw invalid(`${path}.name`, 'expected at most 63 of a-z, 0-9 and -, as in a DNS label');
  }
  const format = required('format');
  if (format !== 'Slack' && format !== 'JSON') throw invalid(`${path}.format`, 'expected Slack or JSON');
  const url = required('url');
  const problem = urlProblem(url);
  if (problem !== undefined) throw invalid(`${path}.url`, problem);
  const hmacKeyFile = optional('hmacKeyFile');
  if (hmacKeyFile !== undefined && format === 'Slack') {
    throw invalid(`${path}.hmacKeyFile`, 'Slack verifies no signature; use format JSON, or leave it out');
  }
  const caFile = optional('caFile');
  const bearerTokenFile = optional('bearerTokenFile');
  return {
    name,
    url,
    format,
    timeoutMs: timeoutSecondsOf(optional('timeout'), `${path}.timeout`) * 1_000,
    ...(hmacKeyFile === undefined ? {} : { hmacKeyFile }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(bearerTokenFile === undefined ? {} : { bearerTokenFile }),
  };
}

function timeoutSecondsOf(text: string | undefined, path: string): number {
  if (text === undefined) return defaultTimeoutSeconds;
  const seconds = parseDurationSeconds(text);
  if (seconds === undefined || seconds > maxTimeoutSeconds) {
    throw invalid(path, `expected a duration such as 5s, at most ${String(maxTimeoutSeconds)}s`);
  }
  return seconds;
}

function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is no URL';
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return 'carries credentials; use bearerTokenFile';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return `expected https://, got ${protocol}//`;
  // What is told, and a URL that is a credential, would cross the network in the clear.
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  return isLoopback ? undefined : 'http:// is for loopback alone; use https://';
}

function invalid(path: string, message: string): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', `${path}: ${message}`);
}
