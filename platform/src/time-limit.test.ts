import { describe, expect, test } from '@jest/globals';
import { compileCel, HoldpointError, toCelActivation } from '@holdpoint/core';
import { runWithTimeLimit } from './time-limit.ts';

function endless(): never {
  for (;;);
}

/** A machine that is busy must not end what is not endless. */
const generousMs = 60_000;

describe('runWithTimeLimit', () => {
  test('a value: passes through, the very same', () => {
    const value = { a: 1 };
    expect(runWithTimeLimit(generousMs, () => value)).toBe(value);
  });

  test('an exception: passes through, the very same', () => {
    const thrown = new TypeError('x');
    const run = (): unknown =>
      runWithTimeLimit(generousMs, () => {
        throw thrown;
      });
    expect(run).toThrow(thrown);
  });

  test('undefined that is thrown is thrown', () => {
    let thrown: unknown = 'nothing';
    try {
      runWithTimeLimit(generousMs, () => {
        throw undefined;
      });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeUndefined();
  });

  test('an endless loop: cut off, with a code', () => {
    let thrown: unknown;
    try {
      runWithTimeLimit(20, endless);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HoldpointError);
    expect(thrown).toMatchObject({
      code: 'ERR_POLICY_TOO_SLOW',
      message: 'judging took longer than 20 ms and was cut off',
      details: { limitMs: 20 },
    });
  });

  test('an endless loop that catches all: cut off too', () => {
    const run = (): unknown =>
      runWithTimeLimit(20, () => {
        try {
          endless();
        } catch {
          endless();
        }
      });
    expect(run).toThrow(HoldpointError);
  });

  test('a macro over a macro over a large list: an error by its own count, before any time is up', () => {
    const list = Array.from({ length: 100_000 }, (_, i) => i);
    const compiled = compileCel('object.all(a, object.all(b, object.exists(c, a + b + c < 0 || true)))');
    if ('problem' in compiled) throw new Error(compiled.problem);
    const activation = toCelActivation({ object: list, oldObject: null, request: null });
    expect(runWithTimeLimit(generousMs, () => compiled.expression(activation))).toEqual({
      type: 'Error',
      message: 'the evaluation costs too much and was cut off',
    });
  });

  test('one within another: each keeps its own limit and value', () => {
    const outer = runWithTimeLimit(generousMs, () => {
      expect(() => runWithTimeLimit(20, endless)).toThrow(HoldpointError);
      return `${runWithTimeLimit(generousMs, () => 'inner')} and outer`;
    });
    expect(outer).toBe('inner and outer');
  });

  test('after one that was cut off: the next runs as ever', () => {
    expect(() => runWithTimeLimit(20, endless)).toThrow(HoldpointError);
    expect(runWithTimeLimit(generousMs, () => 1)).toBe(1);
  });
});
