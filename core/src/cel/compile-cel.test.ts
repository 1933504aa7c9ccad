import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../kubernetes/object.ts';
import { compileCel, toCelActivation, type CelOutcome } from './compile-cel.ts';

function evaluate(
  source: string,
  variables: { object?: JsonValue; oldObject?: JsonValue; request?: JsonValue },
): CelOutcome {
  const compiled = compileCel(source);
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled.expression(toCelActivation({ object: null, oldObject: null, request: null, ...variables }));
}

describe('compileCel refuses, and says what is wrong', () => {
  test.each([
    {
      situation: 'a variable that does not exist',
      source: 'reqest.operation == "CREATE"',
      wantProblem:
        'CEL does not compile: Unknown variable: reqest; available: object, oldObject, request, namespaceObject',
    },
    {
      situation: 'the authorizer, which only Kubernetes has',
      source: 'authorizer.group("").resource("pods").check("get").allowed()',
      wantProblem:
        'CEL does not compile: authorizer is not there: the engine asks nobody, and RBAC has allowed the request before it comes here; available: object, oldObject, request, namespaceObject',
    },
    {
      situation: 'an expression that breaks off',
      source: 'object.spec &&',
      wantProblem: 'CEL does not parse: Unexpected token: EOF',
    },
    { situation: 'nothing', source: '', wantProblem: 'CEL does not parse: Unexpected token: EOF' },
    { situation: 'a number', source: '1 + 1', wantProblem: 'CEL must yield a bool, and this yields int' },
    { situation: 'a string', source: '"true"', wantProblem: 'CEL must yield a bool, and this yields string' },
    { situation: 'a map', source: '{"a": 1}', wantProblem: 'CEL must yield a bool, and this yields map<string, int>' },
    {
      situation: 'a comparison of unlike types',
      source: '"1" == 1',
      wantProblem: expect.stringMatching(/^CEL does not compile: .*; available: /),
    },
    {
      situation: 'a pattern that is none',
      source: 'object.a.matches("(")',
      wantProblem: expect.stringMatching(/^CEL does not compile: matches\("\("\): /),
    },
    {
      situation: 'a pattern RE2 does not have',
      source: 'object.a.matches("(?=x)")',
      wantProblem: expect.stringMatching(/^CEL does not compile: matches\("\(\?=x\)"\): /),
    },
    {
      situation: 'nesting beyond bounds',
      source: `${'('.repeat(100)}true${')'.repeat(100)}`,
      wantProblem: 'CEL does not parse: Exceeded maxDepth (64)',
    },
    {
      situation: 'a program',
      source: Array(1_500).fill('true').join(' && '),
      wantProblem: 'CEL does not parse: Exceeded maxAstNodes (2000)',
    },
  ])('$situation', ({ source, wantProblem }) => {
    expect(compileCel(source)).toEqual({ problem: wantProblem });
  });

  test('any text: a problem or an expression, never an exception', () => {
    const pieces = fc.constantFrom(
      'object',
      '.a',
      '["a"]',
      '(',
      ')',
      '&&',
      '!',
      'has(',
      '1',
      '"x"',
      '.matches(',
      '?',
      ':',
      '{',
      '}',
      '\\',
      '\u0000',
    );
    const sources = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((each) => each.join(' ')),
    );
    fc.assert(
      fc.property(sources, (source) => {
        expect(Object.keys(compileCel(source))).toHaveLength(1);
      }),
    );
  });
});

describe('an expression', () => {
  const True: CelOutcome = { type: 'True' };
  const False: CelOutcome = { type: 'False' };
  const rows: {
    situation: string;
    source: string;
    object?: JsonValue;
    oldObject?: JsonValue;
    request?: JsonValue;
    want: CelOutcome;
  }[] = [
    {
      situation: 'an int below: true',
      source: 'object.spec.replicas <= 10',
      object: { spec: { replicas: 10 } },
      want: True,
    },
    {
      situation: 'an int above: false',
      source: 'object.spec.replicas <= 10',
      object: { spec: { replicas: 11 } },
      want: False,
    },
    {
      situation: 'an int and a double are compared as numbers',
      source: 'object.a == 1.0 && object.b < 2',
      object: { a: 1, b: 1.5 },
      want: True,
    },
    { situation: 'ints are ints: their division is whole', source: 'object.a / 2 == 2', object: { a: 5 }, want: True },
    { situation: 'a number beyond 2^53: still compared', source: 'object.a <= 10', object: { a: 1e20 }, want: False },
    { situation: 'beyond int64: still compared', source: 'object.a > 10', object: { a: 1e300 }, want: True },
    {
      situation: 'the largest exact int',
      source: 'object.a == 9007199254740991',
      object: { a: 9007199254740991 },
      want: True,
    },
    { situation: 'a negative int', source: 'object.a == -3', object: { a: -3 }, want: True },
    {
      situation: 'old against new',
      source: 'object.a < oldObject.a',
      object: { a: 1 },
      oldObject: { a: 2 },
      want: True,
    },
    { situation: 'the request', source: 'request.operation == "DELETE"', request: { operation: 'DELETE' }, want: True },
    { situation: 'a DELETE has no object: null', source: 'object == null', want: True },
    {
      situation: 'a list',
      source: 'object.l.all(x, x.image.startsWith("registry/"))',
      object: { l: [{ image: 'registry/a' }, { image: 'b' }] },
      want: False,
    },
    { situation: 'a key in a map', source: '"team" in object.labels', object: { labels: { team: 'a' } }, want: True },
    {
      situation: 'a field that is missing, tested: false',
      source: 'has(object.spec.paused)',
      object: { spec: {} },
      want: False,
    },
    {
      situation: 'an optional field with a default',
      source: 'object.?spec.?paused.orValue(false) == false',
      object: {},
      want: True,
    },
    {
      situation: 'a key __proto__: seen as any other',
      source: 'object["__proto__"]["admin"] == "yes"',
      object: JSON.parse('{"__proto__": {"admin": "yes"}}') as JsonValue,
      want: True,
    },
    {
      situation: 'a key __proto__ that is not there: absent',
      source: '"__proto__" in object',
      object: {},
      want: False,
    },
    {
      situation: 'what every JavaScript object has: absent',
      source: 'has(object.constructor) || has(object.toString)',
      object: {},
      want: False,
    },
    {
      situation: 'what every JavaScript map has: absent',
      source: 'has(object.get) || "size" in object',
      object: {},
      want: False,
    },
    {
      situation: 'an error beside a true: true, as CEL has it',
      source: 'object.missing == 1 || true',
      object: {},
      want: True,
    },
    {
      situation: 'an error beside a false: false, as CEL has it',
      source: 'object.missing == 1 && false',
      object: {},
      want: False,
    },
    {
      situation: 'a pattern that matches',
      source: 'object.name.matches("^web-[0-9]+$")',
      object: { name: 'web-12' },
      want: True,
    },
    {
      situation: 'a pattern that does not',
      source: 'object.name.matches("^web-[0-9]+$")',
      object: { name: 'web-x' },
      want: False,
    },
    {
      situation: 'a pattern within a macro',
      source: 'object.l.exists(x, x.matches("b+"))',
      object: { l: ['a', 'bb'] },
      want: True,
    },
    { situation: 'a string with a NUL', source: 'object.a.size() == 1', object: { a: '\u0000' }, want: True },
    {
      situation: 'characters beyond the BMP: one each',
      source: 'object.a.size() == 1',
      object: { a: '😀' },
      want: True,
    },
    {
      situation: 'a missing field: an error',
      source: 'object.missing == 1',
      object: {},
      want: { type: 'Error', message: 'No such key: missing' },
    },
    {
      situation: 'a field of null: an error',
      source: 'object.spec.replicas == 1',
      object: null,
      want: { type: 'Error', message: 'No such key: spec' },
    },
    {
      situation: 'no bool at run time: an error',
      source: 'object.a',
      object: { a: 'true' },
      want: { type: 'Error', message: 'yielded string, not a bool' },
    },
    {
      situation: 'null at run time: an error',
      source: 'object',
      object: null,
      want: { type: 'Error', message: 'yielded null_type, not a bool' },
    },
    {
      situation: 'a number at run time: an error',
      source: 'object.a',
      object: { a: 1 },
      want: { type: 'Error', message: 'yielded int, not a bool' },
    },
    {
      situation: 'an overflow: an error',
      source: 'object.a * 9223372036854775807 > 0',
      object: { a: 2 },
      want: { type: 'Error', message: expect.any(String) as unknown as string },
    },
    {
      situation: "the agent's own pattern, broken: an error",
      source: '"x".matches(object.p)',
      object: { p: '(' },
      want: { type: 'Error', message: expect.any(String) as unknown as string },
    },
  ];
  test.each(rows)('$situation', ({ source, want, situation: _situation, ...variables }) => {
    expect(evaluate(source, variables)).toEqual(want);
  });

  test('a pattern over a text made to make it run away: answered by RE2, in linear time', () => {
    // JavaScript's RegExp takes 2^40 steps for this one: were it used, this test would not end.
    expect(evaluate('object.name.matches("^(a+)+$")', { object: { name: `${'a'.repeat(40)}!` } })).toEqual(False);
  });

  test('more patterns than are kept: each still means what it says', () => {
    for (let i = 0; i < 1_100; i += 1) {
      expect(evaluate('object.a.matches(object.p)', { object: { a: `x${String(i)}`, p: `^x${String(i)}$` } })).toEqual(
        True,
      );
    }
  });

  test('any JSON: is its own equal, and is not touched', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(value);
        expect(
          evaluate('object == oldObject', { object: value as JsonValue, oldObject: JSON.parse(before) as JsonValue }),
        ).toEqual(True);
        expect(JSON.stringify(value)).toBe(before);
      }),
    );
  });
});

describe('an evaluation that would not end', () => {
  const list = Array.from({ length: 50_000 }, (_, i) => i);
  const text = 'a'.repeat(200_000);
  test.each([
    {
      situation: 'loops within loops',
      source: 'object.list.all(a, object.list.all(b, object.list.all(c, a + b + c >= 0)))',
    },
    {
      situation: 'errors that an || would catch',
      source: 'object.list.all(a, object.list.all(b, object.none)) || true',
    },
    { situation: 'each of a list looked for in it', source: 'object.list.all(a, a in object.list)' },
    { situation: 'a search that begins again and again', source: 'object.text.findAll("(?:a*b)|a").size() > 0' },
    { situation: "the agent's own pattern", source: 'object.text.matches(object.pattern)' },
    { situation: 'a text that grows', source: 'object.text.replace("a", object.text) != ""' },
    { situation: 'a list that grows', source: 'lists.range(1000000000).size() > 0' },
    { situation: 'sets compared', source: 'sets.equivalent(object.list, object.list)' },
  ])('$situation: an error', ({ source }) => {
    expect(evaluate(source, { object: { list, text, pattern: '[a-z]{50}(a*)*b' } })).toEqual({
      type: 'Error',
      message: expect.stringMatching(/cut off|are allowed/),
    });
  });

  test('a request has one budget for all expressions: once it is spent, each is an error', () => {
    const compiled = compileCel('object.all(a, object.all(b, true))');
    const cheap = compileCel('object.size() > 0');
    if ('problem' in compiled || 'problem' in cheap) throw new Error('does not compile');
    const activation = toCelActivation({ object: list, oldObject: null, request: null });
    for (let i = 0; i < 3; i += 1) expect(compiled.expression(activation).type).toBe('Error');
    expect(cheap.expression(activation)).toEqual({
      type: 'Error',
      message: 'the evaluation costs too much and was cut off',
    });
  });

  test('loops nested too deep: refused when they are compiled', () => {
    expect(compileCel('object.all(a, a.all(b, b.all(c, c.all(d, d))))')).toEqual({
      problem: 'CEL does not compile: loops are nested more than 3 deep (all, exists, map, filter, transform…)',
    });
  });

  test('data nested too deep for the stack: an error', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as JsonValue;
    expect(evaluate('object == oldObject', { object: deep, oldObject: deep }).type).toBe('Error');
  });
});
