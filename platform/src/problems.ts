import { HoldpointError, messageOf } from '@holdpoint/core';

/** Runs every check, whatever the ones before it found; returns what is wrong, a line each. */
export async function problemsOf(checks: readonly (() => unknown)[]): Promise<string[]> {
  const problems: string[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      problems.push(error instanceof HoldpointError ? `${error.code}: ${error.message}` : messageOf(error));
    }
  }
  return problems;
}
