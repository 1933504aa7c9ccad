import { describe, expect, test } from '@jest/globals';
import type { JsonValue } from './object.ts';
import { labelsOf, matchesLabels, selectorProblems, type LabelSelector } from './label-selector.ts';

describe('matchesLabels', () => {
  test.each<{ situation: string; selector: LabelSelector; labels: Record<string, string>; want: boolean }>([
    { situation: 'an empty selector matches whatever has no labels', selector: {}, labels: {}, want: true },
    {
      situation: 'a label of that value',
      selector: { matchLabels: { a: '1' } },
      labels: { a: '1', b: '2' },
      want: true,
    },
    { situation: 'another value', selector: { matchLabels: { a: '1' } }, labels: { a: '2' }, want: false },
    {
      situation: 'one of two is missing',
      selector: { matchLabels: { a: '1', b: '2' } },
      labels: { a: '1' },
      want: false,
    },
    {
      situation: 'In: one of the values',
      selector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] },
      labels: { a: '2' },
      want: true,
    },
    {
      situation: 'In: not there',
      selector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }] },
      labels: {},
      want: false,
    },
    {
      situation: 'NotIn: not there, which meets it as in Kubernetes',
      selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
      labels: {},
      want: true,
    },
    {
      situation: 'NotIn: there',
      selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
      labels: { a: '1' },
      want: false,
    },
    {
      situation: 'Exists: there, though empty',
      selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      labels: { a: '' },
      want: true,
    },
    {
      situation: 'DoesNotExist: there',
      selector: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] },
      labels: { a: '' },
      want: false,
    },
    {
      situation: 'a key that every object of JavaScript seems to have',
      selector: { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] },
      labels: {},
      want: false,
    },
  ])('$situation: $want', ({ selector, labels, want }) => {
    expect(matchesLabels(selector, labels)).toBe(want);
  });
});

test.each([
  { situation: 'In without values', operator: 'In', values: [], want: 'In needs values' },
  { situation: 'NotIn without values', operator: 'NotIn', values: undefined, want: 'NotIn needs values' },
  { situation: 'Exists with values', operator: 'Exists', values: ['1'], want: 'Exists takes no values' },
] as const)('selectorProblems: $situation', ({ operator, values, want }) => {
  const requirement = { key: 'a', operator, ...(values === undefined ? {} : { values }) };
  expect(selectorProblems({ matchExpressions: [{ key: 'b', operator: 'Exists' }, requirement] })).toEqual([
    { path: 'matchExpressions[1].values', message: want },
  ]);
});

test.each<{ situation: string; object: JsonValue; want: Record<string, string> }>([
  { situation: 'an object with labels', object: { metadata: { labels: { a: '1' } } }, want: { a: '1' } },
  { situation: 'none', object: { metadata: {} }, want: {} },
  { situation: 'a value that is no text', object: { metadata: { labels: { a: 1, b: 'x' } } }, want: { b: 'x' } },
  { situation: 'no object', object: null, want: {} },
])('labelsOf: $situation', ({ object, want }) => {
  expect(labelsOf(object)).toEqual(want);
});
