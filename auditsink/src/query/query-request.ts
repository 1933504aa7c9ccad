import { judgeSetting } from './settings.ts';

/** What of a request is looked at, its body aside. */
export interface RequestParts {
  method: string;
  /** As it came: path and query. */
  url: string;
  /** Lower-case names. */
  header: (name: string) => string | undefined;
}

/** A question as clients of ClickHouse's HTTP interface put it; the statement's other half may stand in the body. */
export interface QueryRequest {
  statement: string;
  /** In the client's order of precedence; a FORMAT in the statement comes before it. */
  format: string;
  params: Readonly<Record<string, string>>;
  settings: Readonly<Record<string, string>>;
  queryId: string | undefined;
  gzip: boolean;
  /** The version of ClickHouse's protocol that the client reads Native in; 0: without one. */
  nativeVersion: number;
  /** The client wants to know that all went well before the first byte: the answer is collected first. */
  waitForEnd: boolean;
}

export type ReadRequest = { type: 'Read'; request: QueryRequest } | { type: 'Refuse'; code: number; reason: string };

/** Names in the URL that are ours to read; every other is a setting. */
const ownNames: ReadonlySet<string> = new Set([
  ...['query', 'database', 'default_format', 'query_id', 'user', 'quota_key', 'role', 'session_id'],
  ...['enable_http_compression', 'wait_end_of_query', 'client_protocol_version'],
]);
const databases: ReadonlySet<string> = new Set(['', 'holdpoint', 'default']);

/** Reads what the URL and the headers of a request say. */
export function readQueryRequest({ url, header }: RequestParts): ReadRequest {
  const given = new URL(url, 'https://holdpoint').searchParams;
  const params: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of given) {
    if (name.startsWith('param_')) {
      const parameter = name.slice('param_'.length);
      if (!/^[A-Za-z_]\w{0,63}$/.test(parameter)) return refuse(400, 'param_…: not a name of a parameter');
      params[parameter] = value;
    } else if (!ownNames.has(name)) {
      const verdict = judgeSetting(name, value);
      if (verdict.type === 'Refuse') return refuse(403, verdict.reason);
      if (verdict.type === 'Apply') settings[name] = verdict.value;
    }
  }
  const database = given.get('database') ?? header('x-clickhouse-database') ?? '';
  if (!databases.has(database)) return refuse(403, 'database: the record is in holdpoint, and there is no other');
  const queryId = given.get('query_id') ?? undefined;
  if (queryId !== undefined && !/^[\w.:-]{0,128}$/.test(queryId)) {
    return refuse(400, 'query_id: expected up to 128 letters, digits and .:_-');
  }
  if ((header('content-type') ?? '').startsWith('multipart/')) {
    return refuse(400, 'multipart: external tables are not offered; parameters go into the URL as param_NAME');
  }
  const version = given.get('client_protocol_version') ?? '0';
  const isOn = (name: string): boolean => ['1', 'true'].includes(given.get(name) ?? '');
  return {
    type: 'Read',
    request: {
      statement: given.get('query') ?? '',
      format: given.get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
      params,
      settings,
      queryId: queryId === '' ? undefined : queryId,
      gzip: isOn('enable_http_compression') && /\bgzip\b/.test(header('accept-encoding') ?? ''),
      nativeVersion: /^\d{1,9}$/.test(version) ? Number(version) : 0,
      waitForEnd: isOn('wait_end_of_query'),
    },
  };
}

function refuse(code: number, reason: string): ReadRequest {
  return { type: 'Refuse', code, reason };
}
