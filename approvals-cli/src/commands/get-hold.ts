import { HoldpointError, type Hold } from '@holdpoint/core';
import { kinds, type KubeClient } from '@holdpoint/platform';

/** Throws ERR_HOLD_NOT_FOUND, with where to look. */
export async function getHold(kube: KubeClient, name: string): Promise<Hold> {
  const hold = await kube.get<Hold>(kinds.holds, name);
  if (hold === undefined) {
    throw new HoldpointError(
      'ERR_HOLD_NOT_FOUND',
      `hold "${name}" not found. See what is pending with "approvals list", and all of them with "approvals list --all".`,
    );
  }
  return hold;
}
