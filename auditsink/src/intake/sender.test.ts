import { expect, test } from '@jest/globals';
import { alternativeNames } from './sender.ts';

test.each([
  { situation: 'none', text: '', want: [] },
  { situation: 'one', text: 'DNS:a.example', want: ['a.example'] },
  {
    situation: 'several of several kinds',
    text: 'DNS:a.example, IP Address:10.0.0.1, URI:spiffe://cluster/api, email:x@y',
    want: ['a.example', 'spiffe://cluster/api'],
  },
  {
    situation: 'another name within a quoted one',
    text: 'URI:"x, DNS:b.example", DNS:c',
    want: ['x, DNS:b.example', 'c'],
  },
  { situation: 'another name within a quoted name of another kind', text: 'DirName:"CN = x, DNS:b.example"', want: [] },
  { situation: 'a quote within a quoted one', text: 'DNS:"a\\", DNS:b", DNS:c', want: ['a", DNS:b', 'c'] },
  { situation: 'a quote that does not end: nothing from there on', text: 'DNS:a, DNS:"b, DNS:c', want: ['a'] },
  { situation: 'a quote in the middle: nothing from there on', text: 'DNS:a, DNS:b"c", DNS:d', want: ['a'] },
])('names of a certificate: $situation', ({ text, want }) => {
  expect(alternativeNames(text)).toEqual(want);
});
