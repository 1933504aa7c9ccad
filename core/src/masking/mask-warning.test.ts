import { expect, test } from '@jest/globals';
import { maskWarning } from './mask-warning.ts';
import { createMask } from './mask.ts';

const mask = createMask(() => 'a'.repeat(64));
const ofSecrets = { assumed: { kind: 'Secret' } };
const withheld = 'a warning is withheld, because warnings about Secrets can quote their values';

test.each([
  'approved by oidc:alice@example.com (h-1a2b)',
  'approved by alice, bob (h-1a2b)',
  'passed without asking, by grant nightly-rotation',
  'would pass without asking, by grant a, b',
  'would be held for approval by rule secrets of AccessPolicy agents',
  'approved already: hold h-1a2b would be used',
  'would be refused: hold h-1a2b was denied by alice',
  'unknown field "stringDta.x"',
  'v1 ComponentStatus is deprecated in v1.19+',
])('about Secrets, passes on what quotes nothing: %s', (warning) => {
  expect(maskWarning(warning, mask, ofSecrets)).toBe(warning);
});

test.each([
  "Validation failed for ValidatingAdmissionPolicy 'x' with binding 'y': it says hunter2",
  'hunter2',
  'approved by alice (h-1): hunter2',
  'unknown field "a", and hunter2',
  'would be held for approval by rule x of AccessPolicy y\nhunter2',
])('about Secrets, withholds whatever else is said: %s', (warning) => {
  expect(maskWarning(warning, mask, ofSecrets)).toBe(withheld);
});

test('about anything else, masks what detectors find', () => {
  expect(maskWarning('odd: --password=hunter22x', mask, {})).toBe(
    `odd: --password=holdpoint-mask:v1:${'a'.repeat(32)}:9`,
  );
});
