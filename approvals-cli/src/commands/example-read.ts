import {
  HoldpointError,
  isJsonObject,
  readRequestLine,
  type JsonObject,
  type JsonValue,
  type RequestReading,
  type UserInfo,
} from '@holdpoint/core';

/** A request as the proxy would judge it, and what is expected of that. */
export interface ReadExample {
  where: string;
  name?: string;
  user: UserInfo;
  reading: RequestReading;
  expect?: 'Allow' | 'Deny';
  expectRule?: string;
}

const fields = ['name', 'user', 'method', 'url', 'expect', 'expectRule'];

/** True for the form that has a URL: what a read is known by, as a write is by its resource. */
export function isReadExample(document: unknown): document is JsonObject {
  return isJsonObject(document) && 'url' in document;
}

/**
 * Reads an example of a read: `{user, method, url}`, the URL's path and query as kubectl -v=6 prints them.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the place within `where`
 */
export function parseReadExample(document: JsonObject, where: string): ReadExample {
  const invalid = (message: string): HoldpointError => new HoldpointError('ERR_CONFIG_INVALID', `${where}: ${message}`);
  const unknown = Object.keys(document).find((key) => !fields.includes(key));
  if (unknown !== undefined) throw invalid(`${unknown}: no such field; there are ${fields.join(', ')}`);
  const { name, method = 'GET', url, expect, expectRule } = document;
  if (expect !== undefined && expect !== 'Allow' && expect !== 'Deny') throw invalid('expect: expected Allow or Deny');
  if (expectRule !== undefined && typeof expectRule !== 'string') throw invalid('expectRule: expected a name');
  if (typeof method !== 'string' || typeof url !== 'string') throw invalid('method, url: expected texts');
  const reading = readRequestLine(method, url);
  if ('refused' in reading) throw invalid(`url: ${reading.message}`);
  return {
    where,
    user: userOf(document['user'], invalid),
    reading,
    ...(typeof name === 'string' && { name }),
    ...(expect === undefined ? {} : { expect }),
    ...(expectRule === undefined ? {} : { expectRule }),
  };
}

function userOf(user: JsonValue | undefined, invalid: (message: string) => HoldpointError): UserInfo {
  if (!isJsonObject(user) || typeof user['username'] !== 'string') throw invalid('user: expected username and groups');
  const groups = Array.isArray(user['groups']) ? user['groups'].filter((each) => typeof each === 'string') : [];
  return { username: user['username'], groups, extra: {} };
}
