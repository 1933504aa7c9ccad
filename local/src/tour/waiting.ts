import type { Hold, Operation } from '@holdpoint/core';
import type { Stack } from '../stack.ts';

/** The name of the pending hold about the object `name` (and this operation on it), the newest, if there is one. */
export async function pendingHold(stack: Stack, name: string, operation?: Operation): Promise<string | undefined> {
  const answer = await stack.kubectl('admin', ['get', 'holds', '-o', 'json']);
  if (answer.code !== 0) return undefined;
  const { items } = JSON.parse(answer.stdout) as { items: Hold[] };
  return items
    .filter((hold) => hold.status?.phase === 'Pending' && hold.spec.request.name === name)
    .filter((hold) => operation === undefined || hold.spec.request.operation === operation)
    .sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''))
    .at(-1)?.metadata.name;
}
