import { describe, expect, test } from '@jest/globals';
import { createTextMemory, type TextMemory } from './memory.ts';

describe('createTextMemory', () => {
  const judgements = [
    ['harmless', (memory: TextMemory) => ({ is: memory.isHarmless, add: memory.addHarmless })],
    ['plain', (memory: TextMemory) => ({ is: memory.isPlain, add: memory.addPlain })],
  ] as const;

  test.each(judgements)('a text is %s once that was found out, and nothing else by that', (kind, of) => {
    const memory = createTextMemory();
    const { is, add } = of(memory);
    expect(is('app.kubernetes.io/name')).toBe(false);
    add('app.kubernetes.io/name');
    expect([is('app.kubernetes.io/name'), is('app.kubernetes.io/nam')]).toEqual([true, false]);
    const others = judgements.filter(([other]) => other !== kind);
    expect(others.map(([, other]) => other(memory).is('app.kubernetes.io/name'))).toEqual([false]);
  });

  test.each(judgements)('a long text is not kept as %s', (_kind, of) => {
    const { is, add } = of(createTextMemory());
    add('x'.repeat(97));
    expect(is('x'.repeat(97))).toBe(false);
  });

  test.each(judgements)('of ever new %s texts those stay that come again and again', (_kind, of) => {
    const { is, add } = of(createTextMemory());
    for (let i = 0; i < 50_000; i += 1) {
      if (!is('often')) add('often');
      add(`once-${String(i)}`);
    }
    expect([is('often'), is('once-0')]).toEqual([true, false]);
  });

  test.each([
    { name: 'password', want: 'strong' },
    { name: 'sort-key', want: undefined },
    { name: 'salt', want: 'weak' },
    { name: `${'x'.repeat(300)}password`, want: undefined },
  ])('the kind of $name is $want, each time', ({ name, want }) => {
    const memory = createTextMemory();
    expect([memory.kindOf(name), memory.kindOf(name)]).toEqual([want, want]);
  });
});
