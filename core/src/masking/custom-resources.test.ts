import { expect, test } from '@jest/globals';
import { mayBeCustom } from './custom-resources.ts';

test.each([
  ['the core group', '', false],
  ['a group without a dot', 'apps', false],
  ['a group of the API server', 'rbac.authorization.k8s.io', false],
  ['a definition’s group', 'example.com', true],
  ['a definition’s group under the same domain', 'gateway.networking.k8s.io', true],
])('%s', (_situation, apiGroup, want) => {
  expect(mayBeCustom({ apiGroup })).toBe(want);
});
