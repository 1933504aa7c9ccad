import { decisionAnnotation, HoldpointError, reasonAnnotation, type Hold } from '@holdpoint/core';
import { kinds } from '@holdpoint/platform';
import type { CommandContext } from './context.ts';
import { getHold } from './get-hold.ts';

/**
 * Decides by annotating, exactly as `kubectl annotate` would: whether this person may is the webhook's to say, in the same
 * request. Throws ERR_HOLD_NOT_FOUND, the API server's own refusal with the reason, or ERR_UPSTREAM_UNAVAILABLE when no
 * webhook took the decision.
 */
export async function decideHold(
  context: CommandContext,
  name: string,
  verdict: 'approve' | 'deny',
  reason: string | undefined,
): Promise<void> {
  const kube = context.kube();
  await getHold(kube, name);
  const annotations = {
    [decisionAnnotation]: verdict,
    ...(reason === undefined ? {} : { [reasonAnnotation]: reason }),
  };
  const hold = await kube.mergePatch<Hold>(kinds.holds, name, { metadata: { annotations } });
  if (hold.metadata.annotations?.[decisionAnnotation] !== undefined) {
    throw new HoldpointError(
      'ERR_UPSTREAM_UNAVAILABLE',
      `hold "${name}" is not decided: nobody turned the annotation ${decisionAnnotation} into a decision. ` +
        'Is the webhook registered? Remove the annotation before you decide again.',
    );
  }
  const approvals = (hold.status?.decisions ?? []).filter((each) => each.verdict === 'approve').length;
  const missing = hold.spec.minApprovals - approvals;
  if (verdict === 'deny') context.print(`hold.holdpoint.dev/${name} denied`);
  else if (missing > 0) context.print(`hold.holdpoint.dev/${name} approved by you; ${String(missing)} more needed`);
  else context.print(`hold.holdpoint.dev/${name} approved; usable until ${hold.status?.useBefore ?? 'it expires'}`);
}
