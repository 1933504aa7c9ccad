import { describe, expect, test } from '@jest/globals';
import { checkStatement } from '@holdpoint/core';
import { statementPairs } from './statements.ts';

/** Formats are the endpoint's to choose from: what stands behind the statement, the check reads and sets aside. */
const isOfFormat = /FORMAT (?:Template|CustomSeparated|ProtobufSingle|CapnProto)$/;

describe('what must not pass, and what must', () => {
  test('there are many of them', () => {
    expect(statementPairs.length).toBeGreaterThanOrEqual(150);
  });

  test.each(statementPairs.filter(({ attempt }) => !isOfFormat.test(attempt)))('refused: $attempt', ({ attempt }) => {
    expect(checkStatement(attempt)).toEqual({ allowed: false, reason: expect.any(String) });
  });

  test.each(statementPairs)('passes: $twin', ({ twin }) => {
    expect(checkStatement(twin)).toMatchObject({ allowed: true });
  });
});
