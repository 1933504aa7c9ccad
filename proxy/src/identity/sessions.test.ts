import { expect, test } from '@jest/globals';
import { extraKeys, extraOf, type UserInfo } from '@holdpoint/core';
import { createSessions } from './sessions.ts';

const minute = 60_000;
const idleMs = 30 * minute;
const user = (username: string, extra: UserInfo['extra'] = {}): UserInfo => ({ username, groups: [], extra });
const sessionOf = (of: UserInfo): string | undefined => extraOf(of, extraKeys.session);

function at(minutes: number[], who: UserInfo = user('agent')): (string | undefined)[] {
  let now = 0;
  const sessions = createSessions(idleMs, () => now);
  return minutes.map((each) => {
    now = each * minute;
    return sessionOf(sessions.withSession(who));
  });
}

test('the token’s own session stays', () => {
  expect(at([0], user('agent', { [extraKeys.session]: ['mine'] }))).toEqual(['mine']);
});

test('requests within the gap are one session, however long; after it another begins', () => {
  const [first, ...others] = at([1, 29, 58, 87, 118, 119]);
  expect(others.slice(0, 3)).toEqual([first, first, first]);
  expect(others[3]).not.toBe(first);
  expect(others[4]).toBe(others[3]);
});

test('another subject, and the same one for another person, is another session', () => {
  const sessions = createSessions(idleMs, () => 0);
  const all = [
    user('a'),
    user('b'),
    user('a', { [extraKeys.onBehalfOf]: ['carol'] }),
    user('a', { [extraKeys.onBehalfOf]: ['dave'] }),
  ].map((each) => sessionOf(sessions.withSession(each)));
  expect(new Set(all).size).toBe(4);
});

test('two replicas that see a session begin in the same half hour call it the same', () => {
  expect(at([31, 60])[1]).toBe(at([59, 60])[1]);
  expect(at([29, 31])[1]).not.toBe(at([31])[0]);
});

test('who has been quiet for longest is forgotten first', () => {
  let now = 0;
  const sessions = createSessions(idleMs, () => now, 2);
  const begin = (name: string): string | undefined => sessionOf(sessions.withSession(user(name)));
  const [a, b] = [begin('a'), begin('b')];
  now = 29 * minute;
  expect(begin('a')).toBe(a);
  begin('c');
  now = 31 * minute;
  expect(begin('a')).toBe(a);
  expect(begin('b')).not.toBe(b);
});
