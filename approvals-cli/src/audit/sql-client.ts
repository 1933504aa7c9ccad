import { StringDecoder } from 'node:string_decoder';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { HoldpointError, messageOf } from '@holdpoint/core';

/** How the audit sink's query endpoint is reached. */
export interface SqlEndpoint {
  url: string;
  /** Asked once a statement: a token may be short-lived. */
  token: () => Promise<string>;
  /** PEM; without it, the system's authorities. */
  ca: string | undefined;
}

/** What stands for `{name:Type}` in a statement: a value never becomes a part of its text. */
export type SqlParams = Readonly<Record<string, string>>;

/** Every method rejects with ERR_STORE_UNAVAILABLE when the endpoint cannot be reached, or breaks off, and with
 * ERR_QUERY_REFUSED, in the endpoint's own words, when it does not answer the statement. */
export interface SqlClient {
  /** One read-only statement's answer, bit by bit. */
  stream(statement: string, format: string, params?: SqlParams): AsyncIterable<string>;
  rows<Row>(statement: string, params?: SqlParams): Promise<Row[]>;
}

/** Above the sink's own limit of 30 s for a statement. */
const timeoutMs = 60_000;
/** Of an answer that says what is wrong. */
const longestFailure = 64 * 1024;

export function createSqlClient(endpoint: SqlEndpoint): SqlClient {
  const stream = (statement: string, format: string, params: SqlParams = {}): AsyncIterable<string> =>
    ask(endpoint, statement, format, params);
  return {
    stream,
    async rows<Row>(statement: string, params: SqlParams = {}) {
      const rows: Row[] = [];
      let rest = '';
      for await (const part of stream(statement, 'JSONEachRow', params)) {
        const lines = (rest + part).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') rows.push(rowOf<Row>(line));
      }
      if (rest !== '') rows.push(rowOf<Row>(rest));
      return rows;
    },
  };
}

/** An answer that fails half-way goes on with the failure's words, in place of a row. */
function rowOf<Row>(line: string): Row {
  try {
    return JSON.parse(line) as Row;
  } catch (cause) {
    throw new HoldpointError('ERR_QUERY_REFUSED', `the answer broke off: ${line.slice(0, 2_000)}`, { cause });
  }
}

async function* ask(
  { url, token, ca }: SqlEndpoint,
  statement: string,
  format: string,
  params: SqlParams,
): AsyncGenerator<string> {
  const target = new URL(url);
  target.searchParams.set('default_format', format);
  for (const [name, value] of Object.entries(params)) target.searchParams.set(`param_${name}`, escaped(value));
  const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'text/plain' };
  const unavailable = (cause: unknown): HoldpointError =>
    new HoldpointError('ERR_STORE_UNAVAILABLE', `${target.origin}: ${messageOf(cause)}`, { cause });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method: 'POST', headers, timeout: timeoutMs, agent: false, ...(ca === undefined ? {} : { ca }) };
    const sent = request(target, options, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${String(timeoutMs / 1_000)} s`)));
    sent.on('error', (cause) => reject(unavailable(cause)));
    sent.end(statement);
  });
  const decoder = new StringDecoder('utf8');
  let failure = '';
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      const text = decoder.write(part);
      if (answer.statusCode === 200) yield text;
      else if (failure.length < longestFailure) failure += text;
    }
  } catch (cause) {
    throw unavailable(cause);
  }
  if (answer.statusCode === 200) return;
  throw new HoldpointError(
    'ERR_QUERY_REFUSED',
    failure.trim() || `the endpoint answered ${String(answer.statusCode)} and said nothing`,
  );
}

/** ClickHouse reads a parameter as one field of a TSV line. Source: ClickHouse docs, HTTP interface, "tabs in URL parameters". */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', '\\0');
}

/** Several texts in one parameter of type String, which `JSONExtract({name:String}, 'Array(String)')` takes apart again. */
export function listParam(values: readonly string[]): string {
  return JSON.stringify(values);
}
