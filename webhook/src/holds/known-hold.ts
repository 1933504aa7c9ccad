import type { Hold } from '@holdpoint/core';

/**
 * Leaves out of our copy of a hold what only a person reads. Thousands of finished holds may lie in the cluster, each with an
 * object of up to 64 KiB: by their digest, subject and phase they are known.
 */
export function withoutWhatIsShown(hold: Hold): void {
  const { spec, metadata } = hold as { spec: Partial<Hold['spec']>; metadata: { managedFields?: unknown } };
  delete spec.change;
  delete spec.before;
  delete metadata.managedFields;
}
