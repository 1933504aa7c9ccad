import { describe, expect, test } from '@jest/globals';
import { createTextMemory } from './memory.ts';

describe('createTextMemory', () => {
  test('a text is harmless once that was found out', () => {
    const memory = createTextMemory();
    expect(memory.isHarmless('app.kubernetes.io/name')).toBe(false);
    memory.addHarmless('app.kubernetes.io/name');
    expect(memory.isHarmless('app.kubernetes.io/name')).toBe(true);
    expect(memory.isHarmless('app.kubernetes.io/nam')).toBe(false);
  });

  test('a long text is not kept', () => {
    const memory = createTextMemory();
    memory.addHarmless('x'.repeat(97));
    expect(memory.isHarmless('x'.repeat(97))).toBe(false);
  });

  test('of ever new texts those stay that come again and again', () => {
    const memory = createTextMemory();
    for (let i = 0; i < 50_000; i += 1) {
      if (!memory.isHarmless('often')) memory.addHarmless('often');
      memory.addHarmless(`once-${String(i)}`);
    }
    expect(memory.isHarmless('often')).toBe(true);
    expect(memory.isHarmless('once-0')).toBe(false);
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
