import { expect, test } from '@jest/globals';
import type { JsonValue } from '../kubernetes/object.ts';
import { hasGeneratedName } from './generated-name.ts';

const long = 'a'.repeat(60);
test.each<{ situation: string; metadata: JsonValue; want: boolean }>([
  { situation: 'drawn before admission', metadata: { generateName: 'web-', name: 'web-x7k2p' }, want: true },
  { situation: 'not drawn yet', metadata: { generateName: 'web-' }, want: true },
  { situation: 'empty so far', metadata: { generateName: 'web-', name: '' }, want: true },
  {
    situation: 'of a long prefix, which is cut',
    metadata: { generateName: long, name: `${'a'.repeat(58)}x7k2p` },
    want: true,
  },
  { situation: 'the client’s own, beside a generateName', metadata: { generateName: 'web-', name: 'db' }, want: false },
  {
    situation: 'the client’s own, that begins alike',
    metadata: { generateName: 'web-', name: 'web-admin' },
    want: false,
  },
  { situation: 'one letter too long', metadata: { generateName: 'web-', name: 'web-x7k2pq' }, want: false },
  {
    situation: 'with a letter that is never drawn',
    metadata: { generateName: 'web-', name: 'web-x7k2a' },
    want: false,
  },
  { situation: 'no generateName', metadata: { name: 'web-x7k2p' }, want: false },
  { situation: 'an empty one', metadata: { generateName: '', name: 'x7k2p' }, want: false },
  { situation: 'no metadata', metadata: null, want: false },
])('a name that is $situation: generated: $want', ({ metadata, want }) => {
  expect(hasGeneratedName({ metadata })).toBe(want);
});
