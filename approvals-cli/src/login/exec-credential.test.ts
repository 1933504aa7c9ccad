import { describe, expect, test } from '@jest/globals';
import { parseExecInfo, toExecCredential } from './exec-credential.ts';

const v1 = 'client.authentication.k8s.io/v1';
const info = (spec: object, apiVersion = v1): string => JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });

describe('parseExecInfo', () => {
  test.each([
    { situation: 'no plugin', text: undefined, want: undefined },
    { situation: 'an empty variable', text: '', want: undefined },
    { situation: 'a terminal', text: info({ interactive: true }), want: { apiVersion: v1, interactive: true } },
    { situation: 'no terminal', text: info({ interactive: false }), want: { apiVersion: v1, interactive: false } },
    { situation: 'a client that does not say', text: info({}), want: { apiVersion: v1, interactive: false } },
    {
      situation: 'the version before, answered in kind',
      text: info({ interactive: true }, `${v1}beta1`),
      want: { apiVersion: `${v1}beta1`, interactive: true },
    },
  ])('$situation', ({ text, want }) => {
    expect(parseExecInfo(text)).toEqual(want);
  });

  test.each([
    { situation: 'no JSON', text: '{' },
    { situation: 'a version that is gone', text: info({}, `${v1}alpha1`) },
    { situation: 'no object', text: '[]' },
  ])('$situation is refused', ({ text }) => {
    expect(() => parseExecInfo(text)).toThrow('KUBERNETES_EXEC_INFO');
  });
});

test('an ExecCredential ends a little before its token', () => {
  expect(JSON.parse(toExecCredential(v1, 'word', Date.UTC(2026, 0, 1, 12)))).toEqual({
    apiVersion: v1,
    kind: 'ExecCredential',
    status: { token: 'word', expirationTimestamp: '2026-01-01T11:59:50Z' },
  });
});

test('an ExecCredential of a token that does not say when it ends says nothing either', () => {
  expect(JSON.parse(toExecCredential(v1, 'word', undefined))).toMatchObject({ status: { token: 'word' } });
});
