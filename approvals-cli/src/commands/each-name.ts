import { messageOf } from '@holdpoint/core';
import { KubeApiError } from '@holdpoint/platform';
import { failureOf } from '../output/failure.ts';

/** Does it for each name, in order, also after a failure. Throws the failure as it was, or several as one. */
export async function forEachName(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const name of new Set(names)) {
    try {
      await act(name);
    } catch (error) {
      failures.push(error);
    }
  }
  const [first, ...rest] = failures;
  if (first === undefined) return;
  if (rest.length === 0) throw first;
  throw new Error(
    `${String(failures.length)} of ${String(names.length)} failed:\n${failures
      .map((error) => `  ${error instanceof KubeApiError ? failureOf(error).text : messageOf(error)}`)
      .join('\n')}`,
  );
}
