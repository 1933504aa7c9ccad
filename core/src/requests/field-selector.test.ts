import { expect, test } from '@jest/globals';
import { parseFieldSelector, requiredValues } from './field-selector.ts';

// As apimachinery's fields.ParseSelector reads them: see its selector_test.go.
test.each<[string, string, [string, string, string][] | undefined]>([
  ['nothing', '', []],
  ['one term', 'a=b', [['a', '=', 'b']]],
  ['the other equals', 'a==b', [['a', '=', 'b']]],
  ['unlike', 'a!=b', [['a', '!=', 'b']]],
  ['an empty value', 'a=', [['a', '=', '']]],
  ['two terms', 'a=b,c!=d', [['a', '=', 'b'], ['c', '!=', 'd']]], // prettier-ignore
  ['empty terms between', ',a=b,,', [['a', '=', 'b']]],
  ['an escaped comma, which ends nothing', 'a=b\\,c=d', undefined],
  ['an escaped comma and equals', 'a=b\\,c\\=d', [['a', '=', 'b,c=d']]],
  ['an escaped backslash', 'a=b\\\\,c=d', [['a', '=', 'b\\'], ['c', '=', 'd']]], // prettier-ignore
  ['spaces, which belong to the field', ' a=b', [[' a', '=', 'b']]],
  ['an equals within the value', 'a=b=c', undefined],
  ['an escape of nothing', 'a=b\\', undefined],
  ['an escape of a letter', 'a=\\b', undefined],
  ['no operator', 'a', undefined],
])('reads %s', (_situation, selector, want) => {
  const terms = parseFieldSelector(selector);
  expect(terms?.map(({ field, operator, value }) => [field, operator, value])).toEqual(want);
});

test('says which values a field must have, each once', () => {
  const terms = parseFieldSelector('a=1,a==2,a=1,a!=3,b=4') ?? [];
  expect(requiredValues(terms, 'a')).toEqual(['1', '2']);
});
