import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../kubernetes/object.ts';
import { askedNameOf } from './asked-name.ts';

describe('askedNameOf', () => {
  const long = 'a'.repeat(70);
  test.each<{ situation: string; operation: 'CREATE' | 'UPDATE'; name: string; metadata: JsonObject; want: string }>([
    { situation: 'a name of its own', operation: 'CREATE', name: 'a', metadata: { name: 'a' }, want: 'a' },
    { situation: 'a drawn name', operation: 'CREATE', name: 'a-bcd24', metadata: { generateName: 'a-' }, want: '' },
    { situation: 'not drawn yet', operation: 'CREATE', name: '', metadata: { generateName: 'a-' }, want: '' },
    {
      situation: 'a drawn name whose prefix was cut',
      operation: 'CREATE',
      name: `${long.slice(0, 58)}bcd24`,
      metadata: { generateName: long },
      want: '',
    },
    {
      situation: 'a name of its own beside generateName',
      operation: 'CREATE',
      name: 'a-admin',
      metadata: { generateName: 'a-' },
      want: 'a-admin',
    },
    {
      situation: 'longer than what is drawn',
      operation: 'CREATE',
      name: 'a-bcd24b',
      metadata: { generateName: 'a-' },
      want: 'a-bcd24b',
    },
    {
      situation: 'an update of what was drawn once',
      operation: 'UPDATE',
      name: 'a-bcd24',
      metadata: { generateName: 'a-' },
      want: 'a-bcd24',
    },
  ])('$situation: "$want"', ({ operation, name, metadata, want }) => {
    expect(askedNameOf({ operation, name, object: { metadata } })).toBe(want);
  });
});
