import { describe, expect, test } from '@jest/globals';
import { credentialOf } from './credential.ts';
import { readQueryRequest } from './query-request.ts';

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

/** Requests as they were seen on the wire. */
describe('readQueryRequest: what clients send', () => {
  test.each([
    {
      client: '@clickhouse/client',
      url: '/?query_id=c0addb06-3ce8-4d3b-9a07-c3f81b4dddba&param_ids=%5B%27a%27%5D&enable_http_compression=1&output_format_json_quote_64bit_integers=0&session_id=s',
      headers: { 'accept-encoding': 'gzip', authorization: basic('default:t') },
      want: {
        queryId: 'c0addb06-3ce8-4d3b-9a07-c3f81b4dddba',
        params: { ids: "['a']" },
        settings: { output_format_json_quote_64bit_integers: '0' },
        gzip: true,
        format: 'TabSeparated',
      },
    },
    {
      client: 'clickhouse-go',
      url: '/?database=default&default_format=Native&enable_http_compression=1&max_execution_time=60&query_id=x',
      headers: { 'accept-encoding': 'gzip', 'x-clickhouse-user': 'default', 'x-clickhouse-key': 't' },
      want: { format: 'Native', settings: {}, gzip: true, queryId: 'x' },
    },
    {
      client: 'clickhouse-connect',
      url: '/?client_protocol_version=54405&wait_end_of_query=1&session_id=5f&send_progress_in_http_headers=1&http_headers_progress_interval_ms=9000&readonly=0',
      headers: { 'accept-encoding': 'gzip, br', authorization: basic('default:t') },
      want: { waitForEnd: true, gzip: false, settings: {} },
    },
    {
      client: 'curl',
      url: '/query?query=SELECT+1&default_format=JSON',
      headers: { authorization: 'Bearer t' },
      want: { statement: 'SELECT 1', format: 'JSON', gzip: false, waitForEnd: false, queryId: undefined },
    },
    {
      client: 'a person who wants less',
      url: '/?max_execution_time=2.5&max_result_rows=10&max_memory_usage=0&max_threads=8',
      headers: {},
      want: { settings: { max_execution_time: '2.5', max_result_rows: '10' } },
    },
  ])('$client', ({ url, headers, want }) => {
    const header = (name: string): string | undefined => (headers as Record<string, string>)[name];
    expect(readQueryRequest({ method: 'POST', url, header })).toMatchObject({ type: 'Read', request: want });
  });
});

describe('credentialOf', () => {
  test.each([
    { situation: 'bearer', headers: { authorization: 'Bearer t' }, want: { type: 'Token', token: 't' } },
    { situation: 'bearer in lower case', headers: { authorization: 'bearer t' }, want: { type: 'Token', token: 't' } },
    { situation: 'a password', headers: { authorization: basic('u:t') }, want: { type: 'Token', token: 't' } },
    {
      situation: 'a password with a colon',
      headers: { authorization: basic('u:a:b') },
      want: { type: 'Token', token: 'a:b' },
    },
    { situation: 'no user', headers: { authorization: basic(':t') }, want: { type: 'Token', token: 't' } },
    { situation: 'a key', headers: { 'x-clickhouse-key': 't' }, want: { type: 'Token', token: 't' } },
    { situation: 'nothing', headers: {}, want: { type: 'None' } },
    { situation: 'an empty password', headers: { authorization: basic('u:') }, want: { type: 'None' } },
    { situation: 'no colon', headers: { authorization: basic('t') }, want: { type: 'None' } },
    { situation: 'another scheme', headers: { authorization: 'Digest t' }, want: { type: 'None' } },
    { situation: 'two', headers: { authorization: 'Bearer t', 'x-clickhouse-key': 't' }, want: { type: 'Several' } },
  ])('$situation', ({ headers, want }) => {
    expect(credentialOf((name) => (headers as Record<string, string>)[name])).toEqual(want);
  });
});
