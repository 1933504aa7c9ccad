import { expect, test } from '@jest/globals';
import { withIncluded, withObjects } from './table-objects.ts';

test.each([
  ['nothing is said', '/apis/a/v1/b', '/apis/a/v1/b?includeObject=Object', 'Metadata'],
  ['metadata is wanted', '/b?limit=5&includeObject=Metadata', '/b?limit=5&includeObject=Object', 'Metadata'],
  [
    'none is wanted',
    '/b?includeObject=None&labelSelector=a%3Db',
    '/b?includeObject=Object&labelSelector=a%3Db',
    'None',
  ],
  ['objects are wanted', '/b?includeObject=Object', '/b?includeObject=Object', 'asAsked'],
  ['what nobody knows is wanted', '/b?includeObject=All', '/b?includeObject=All', 'asAsked'],
  ['two things are wanted', '/b?includeObject=None&includeObject=Object', '/b?includeObject=Object', 'None'],
])('objects are asked for where %s', (_situation, url, wantUrl, wantInclude) => {
  expect(withObjects(url)).toEqual({ url: wantUrl, include: wantInclude });
});

const row = { cells: ['a'], object: { kind: 'Widget', metadata: { name: 'a' }, spec: { word: 'x' } } };
const metadata = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } };

test.each([
  ['a row, metadata', row, 'Metadata' as const, { cells: ['a'], object: metadata }],
  ['a row, none', row, 'None' as const, { cells: ['a'] }],
  ['a row, as asked', row, 'asAsked' as const, row],
  ['a row without an object', { cells: ['a'] }, 'Metadata' as const, { cells: ['a'] }],
  ['a Table', { kind: 'Table', rows: [row] }, 'None' as const, { kind: 'Table', rows: [{ cells: ['a'] }] }],
  ['a failure', { kind: 'Status' }, 'None' as const, { kind: 'Status' }],
])('%s', (_situation, value, include, want) => {
  expect(withIncluded(value, include)).toEqual(want);
});
