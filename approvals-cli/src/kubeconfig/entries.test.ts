import { describe, expect, test } from '@jest/globals';
import { kubeconfigOf, mergeEntries } from './entries.ts';

const entries = {
  name: 'agent',
  cluster: { server: 'https://proxy' },
  user: { exec: { args: ['login'] } },
  namespace: 'prod',
};
const ours = kubeconfigOf(entries);
const theirs = {
  apiVersion: 'v1',
  kind: 'Config',
  preferences: { colors: true },
  extensions: [{ name: 'x', extension: {} }],
  clusters: [{ name: 'home', cluster: { server: 'https://home' } }],
  users: [{ name: 'me', user: { token: 'mine' } }],
  contexts: [{ name: 'me@home', context: { cluster: 'home', user: 'me' } }],
  'current-context': 'me@home',
};
const keep = { replace: false, use: false };

describe('mergeEntries', () => {
  test('one of its own has one context, which is the current one', () => {
    expect(ours).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'agent', cluster: { server: 'https://proxy' } }],
      users: [{ name: 'agent', user: { exec: { args: ['login'] } } }],
      contexts: [{ name: 'agent', context: { cluster: 'agent', user: 'agent', namespace: 'prod' } }],
      'current-context': 'agent',
    });
  });

  test('what else is in it stays, to the last field', () => {
    const merged = mergeEntries(theirs, entries, keep);
    expect(merged).toMatchObject({
      preferences: { colors: true },
      'current-context': 'me@home',
      extensions: theirs.extensions,
    });
    for (const list of ['clusters', 'users', 'contexts'] as const) {
      expect(merged[list]).toEqual([...theirs[list], ...(ours[list] as unknown[])]);
    }
  });

  test.each([
    { situation: 'asked for', before: theirs, how: { replace: false, use: true }, want: 'agent' },
    { situation: 'not asked for', before: theirs, how: keep, want: 'me@home' },
    { situation: 'where there is none', before: { ...theirs, 'current-context': '' }, how: keep, want: 'agent' },
  ])('the current context, $situation', ({ before, how, want }) => {
    expect(mergeEntries(before, entries, how)['current-context']).toBe(want);
  });

  test('the same again changes nothing', () => {
    expect(mergeEntries(ours, entries, keep)).toEqual(ours);
  });

  test.each([
    { situation: 'cluster', change: { cluster: { server: 'https://other' } }, list: 'clusters' },
    { situation: 'user', change: { user: { token: 'other' } }, list: 'users' },
    { situation: 'context', change: { namespace: undefined }, list: 'contexts' },
  ])('another $situation of that name stands, unless it is to be replaced', ({ change, list }) => {
    const other = { ...entries, ...change };
    expect(() => mergeEntries(ours, other, keep)).toThrow(`${list} has another agent already`);
    expect(mergeEntries(ours, other, { ...keep, replace: true })).toEqual(kubeconfigOf(other));
  });

  test.each([
    { situation: 'a list', before: [] },
    { situation: 'another kind', before: { kind: 'Secret' } },
    { situation: 'users that are none', before: { users: 'me' } },
  ])('$situation is no kubeconfig', ({ before }) => {
    expect(() => mergeEntries(before, entries, keep)).toThrow(/expected/);
  });
});
