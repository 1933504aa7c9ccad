import { expect, test } from '@jest/globals';
import { createReloader } from './reloader.ts';

/** A file whose content is what each row says it was when it was looked at; `broken…` cannot be put in force, `gone` not be read. */
test.each([
  { situation: 'stays as it is', looks: ['first', 'first'], inForce: 'first', isCurrent: true, told: [] },
  { situation: 'changes', looks: ['second', 'second'], inForce: 'second', isCurrent: true, told: ['took second'] },
  {
    situation: 'cannot be put in force: told once, and what was there goes on',
    ...{ looks: ['broken', 'broken'], inForce: 'first', isCurrent: false, told: ['broken cannot be used'] },
  },
  {
    situation: 'is broken in two ways, one after the other: each is told',
    ...{ looks: ['broken', 'broken too'], inForce: 'first', isCurrent: false },
    told: ['broken cannot be used', 'broken too cannot be used'],
  },
  {
    situation: 'cannot be read',
    ...{ looks: ['gone'], inForce: 'first', isCurrent: false, told: ['no such file'] },
  },
  {
    situation: 'is put right with something new',
    ...{ looks: ['broken', 'second'], inForce: 'second', isCurrent: true },
    told: ['broken cannot be used', 'took second'],
  },
  {
    situation: 'is put back: what is in force needs no putting in force',
    ...{ looks: ['broken', 'first'], inForce: 'first', isCurrent: true, told: ['broken cannot be used'] },
  },
  {
    situation: 'is broken, put back, and broken again: told again',
    ...{ looks: ['broken', 'first', 'broken'], inForce: 'first', isCurrent: false },
    told: ['broken cannot be used', 'broken cannot be used'],
  },
])('a file that $situation', ({ looks, inForce, isCurrent, told }) => {
  let text = 'first';
  let applied = 'first';
  const heard: string[] = [];
  const reloader = createReloader({
    current: text,
    read() {
      if (text === 'gone') throw new Error('no such file');
      return text;
    },
    isSame: (one, other) => one === other,
    apply(found) {
      if (found.startsWith('broken')) throw new Error(`${found} cannot be used`);
      applied = found;
    },
    onReload: (found) => heard.push(`took ${found}`),
    onFailure: (error) => heard.push((error as Error).message),
  });
  for (text of looks) reloader.check();
  expect({ inForce: applied, isCurrent: reloader.isCurrent(), told: heard }).toEqual({ inForce, isCurrent, told });
});
