import { resolveBinaries } from '@holdpoint/local';

/**
 * Jest's `globalSetup` of what runs on real stacks: on a fresh machine the control plane is built first, which takes minutes, and
 * whichever test came first would be given up meanwhile.
 */
export default async function beforeAllStacks(): Promise<void> {
  await resolveBinaries((text) => process.stdout.write(`${text}\n`), new AbortController().signal);
}
