import type { Hold } from '@holdpoint/core';
import type { Stack } from '../stack.ts';

/** The name of the pending hold about the object `name`, if there is one. */
export async function pendingHold(stack: Stack, name: string): Promise<string | undefined> {
  const answer = await stack.kubectl('admin', ['get', 'holds', '-o', 'json']);
  if (answer.code !== 0) return undefined;
  const { items } = JSON.parse(answer.stdout) as { items: Hold[] };
  return items.find((hold) => hold.status?.phase === 'Pending' && hold.spec.request.name === name)?.metadata.name;
}
