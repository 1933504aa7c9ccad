import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import { createCelEngine, type CelEngine } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';

/**
 * CEL's own conformance suite, on our engine. What fails is pinned by name in cel-known-failures.json, each group with its
 * reason: a case that fails and is not pinned is a regression, one that is pinned and passes must be unpinned.
 */

/** One case, as cel-spec writes it: values and types are protobuf's JSON. */
interface Case {
  name: string;
  expr: string;
  value?: ProtoValue;
  typedResult?: { result?: ProtoValue };
  evalError?: unknown;
  typeEnv?: { name: string; ident?: { type: ProtoType }; function?: unknown }[];
  bindings?: Record<string, { value?: ProtoValue }>;
  disableMacros?: boolean;
  checkOnly?: boolean;
}

interface Suite {
  name: string;
  suites?: Suite[];
  tests?: { original: Case }[];
}

interface ProtoValue {
  nullValue?: unknown;
  boolValue?: boolean;
  int64Value?: string;
  uint64Value?: string;
  doubleValue?: number | string;
  stringValue?: string;
  bytesValue?: string;
  typeValue?: string;
  listValue?: { values?: ProtoValue[] };
  mapValue?: { entries?: { key: ProtoValue; value: ProtoValue }[] };
  objectValue?: { '@type': string; value?: string };
}

interface ProtoType {
  primitive?: string;
  wellKnown?: string;
  dyn?: unknown;
  null?: unknown;
  listType?: { elemType?: ProtoType };
  mapType?: { keyType?: ProtoType; valueType?: ProtoType };
  messageType?: string;
  abstractType?: unknown;
}

interface KnownFailures {
  groups: { reason: string; cases: string[] }[];
  /** Cases that are about protobuf messages, which no Kubernetes object is: counted, not run. */
  withoutProtobuf: number;
}

const known = JSON.parse(
  readFileSync(inRepository('test', 'conformance', 'cel-known-failures.json'), 'utf8'),
) as KnownFailures;

const protobufSections = new Set(['proto2', 'proto2_ext', 'proto3', 'enums', 'wrappers', 'dynamic', 'unknowns']);

function isAboutProtobuf(section: string, each: Case): boolean {
  const text = JSON.stringify(each);
  return (
    protobufSections.has(section) ||
    /TestAllTypes|messageType|google\.(?:protobuf\.(?!Timestamp|Duration)|api|type)|"wrapper"/.test(text)
  );
}

function typeOf(type: ProtoType): string {
  if (type.primitive !== undefined)
    return { INT64: 'int', UINT64: 'uint' }[type.primitive] ?? type.primitive.toLowerCase();
  if (type.wellKnown === 'TIMESTAMP') return 'google.protobuf.Timestamp';
  if (type.wellKnown === 'DURATION') return 'google.protobuf.Duration';
  if (type.listType !== undefined) return `list<${typeOf(type.listType.elemType ?? {})}>`;
  if (type.mapType !== undefined) {
    return `map<${typeOf(type.mapType.keyType ?? {})}, ${typeOf(type.mapType.valueType ?? {})}>`;
  }
  return 'dyn';
}

const engines = new Map<string, CelEngine>();
function engineFor(variables: Readonly<Record<string, string>>): CelEngine {
  const key = JSON.stringify(variables);
  const made = engines.get(key) ?? createCelEngine(variables);
  engines.set(key, made);
  return made;
}

/** The value in the engine's own terms. A uint is made by the engine itself, which alone knows its class. */
function toCel(value: ProtoValue): unknown {
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.int64Value !== undefined) return BigInt(value.int64Value);
  if (value.uint64Value !== undefined) return evaluate(`${value.uint64Value}u`, {}, {});
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.bytesValue !== undefined) return Uint8Array.from(Buffer.from(value.bytesValue, 'base64'));
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(toCel);
  if (value.mapValue !== undefined) {
    return new Map((value.mapValue.entries ?? []).map((each) => [toCel(each.key), toCel(each.value)]));
  }
  if (value.typeValue !== undefined) return evaluate(value.typeValue, {}, {});
  const { '@type': type = '', value: text = '' } = value.objectValue ?? {};
  if (type.endsWith('Timestamp')) return evaluate('timestamp(t)', { t: 'string' }, { t: text });
  if (type.endsWith('Duration')) return evaluate('duration(t)', { t: 'string' }, { t: text });
  return null;
}

function evaluate(source: string, variables: Readonly<Record<string, string>>, bindings: object): unknown {
  const checked = engineFor(variables).check(source);
  if ('problem' in checked) throw new Error(checked.problem);
  return checked.evaluate(bindings, 1_000_000);
}

/** Every value with its type, in a form that two equal ones share. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (value instanceof Map) {
    return `{${Array.from(value as Map<unknown, unknown>, ([key, each]) => `${written(key)}: ${written(each)}`)
      .sort()
      .join(', ')}}`;
  }
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Date) return `timestamp ${value.toISOString()}`;
  if (typeof value === 'number') return `double ${Object.is(value, -0) ? '-0' : String(value)}`;
  if (typeof value === 'object' && value !== null) return `${value.constructor.name} ${String(value)}`;
  return `${typeof value} ${String(value)}`;
}

/** What is wrong, undefined when the case passes. */
function failureOf({
  expr,
  value,
  typedResult,
  evalError,
  typeEnv = [],
  bindings = {},
  checkOnly,
}: Case): string | undefined {
  const want = value ?? typedResult?.result;
  try {
    const variables = Object.fromEntries(
      typeEnv.flatMap(({ name, ident }) => (ident ? [[name, typeOf(ident.type)]] : [])),
    );
    if (checkOnly === true) {
      const checked = engineFor(variables).check(expr);
      return 'problem' in checked ? checked.problem : undefined;
    }
    const bound = Object.fromEntries(Object.entries(bindings).map(([name, each]) => [name, toCel(each.value ?? {})]));
    const got = written(evaluate(expr, variables, bound));
    if (evalError !== undefined) return `got ${got}, and not an error`;
    const wanted = want === undefined ? written(true) : written(toCel(want));
    return got === wanted ? undefined : `got ${got}, wanted ${wanted}`;
  } catch (error) {
    return evalError === undefined ? `error: ${(error as Error).message}` : undefined;
  }
}

function casesOf(suite: Suite, path: string): { name: string; each: Case }[] {
  return [
    ...(suite.tests ?? []).map(({ original }) => ({ name: `${path}/${original.name}`, each: original })),
    ...(suite.suites ?? []).flatMap((inner) => casesOf(inner, `${path}/${inner.name}`)),
  ];
}

const sections = ((tests as unknown as Suite).suites ?? []).map((section) => {
  const cases = casesOf(section, section.name);
  return { section: section.name, cases, run: cases.filter(({ each }) => !isAboutProtobuf(section.name, each)) };
});

describe('cel-spec', () => {
  test('what is left out for being about protobuf messages is counted', () => {
    const all = sections.reduce((sum, { cases, run }) => sum + cases.length - run.length, 0);
    expect(all).toBe(known.withoutProtobuf);
  });

  test('what is pinned is a case that is run, once', () => {
    const names = new Set(sections.flatMap(({ run }) => run.map(({ name }) => name)));
    const pinned = known.groups.flatMap(({ cases }) => cases);
    expect(pinned.filter((name) => !names.has(name))).toEqual([]);
    expect(new Set(pinned).size).toBe(pinned.length);
  });

  test.each(sections.filter(({ run }) => run.length > 0))(
    '$section: fails where it is known to, and nowhere else',
    ({ section, run }) => {
      const pinned = known.groups.flatMap(({ cases }) => cases).filter((name) => name.startsWith(`${section}/`));
      const failures = run.flatMap(({ name, each }) => {
        const failure = failureOf(each);
        return failure === undefined ? [] : [{ name, failure }];
      });
      // Named with what went wrong where it is news, so that a regression explains itself.
      const news = failures
        .filter(({ name }) => !pinned.includes(name))
        .map(({ name, failure }) => `${name}: ${failure}`);
      const passing = pinned.filter((name) => !failures.some((each) => each.name === name));
      expect({ news, passing }).toEqual({ news: [], passing: [] });
    },
  );
});
