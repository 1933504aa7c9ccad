import {
  askNameOf,
  asksOf,
  decisionAnnotation,
  HoldpointError,
  missingApprovals,
  reasonAnnotation,
  type Hold,
} from '@holdpoint/core';
import { kinds } from '@holdpoint/platform';
import { toPrintable } from '../output/table.ts';
import { forEachName } from './each-name.ts';
import type { CommandContext } from './context.ts';
import { getHold } from './get-hold.ts';
import { giveGrant, type GrantTermOptions } from './grant.ts';

export interface DecideOptions {
  verdict: 'approve' | 'deny';
  reason?: string;
  /** With an approval: a grant for the hold's rule, subject and session beside it. */
  grant?: GrantTermOptions;
}

/** Decides each; one that fails does not keep the others from being decided. Throws the only failure, or all in one. */
export async function decideHolds(context: CommandContext, names: string[], options: DecideOptions): Promise<void> {
  await forEachName(names, (name) => decideHold(context, name, options));
}

/**
 * Decides by annotating, exactly as `kubectl annotate` would: whether this person may is the webhook's to say, in the same
 * request. Throws ERR_HOLD_NOT_FOUND, the API server's own refusal with the reason, or ERR_UPSTREAM_UNAVAILABLE when no
 * webhook took the decision.
 */
async function decideHold(context: CommandContext, name: string, options: DecideOptions): Promise<void> {
  const { verdict, reason, grant } = options;
  const kube = context.kube();
  const asked = await getHold(kube, name);
  if (grant !== undefined && asked.spec.request.resource.group === 'holdpoint.dev') {
    const message = `hold "${name}" asks for a Grant itself: approve it without --grant`;
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
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
  const decisions = hold.status?.decisions ?? [];
  const missing = asksOf(hold.spec)
    .map((ask) => ({ ask, count: missingApprovals(ask, decisions) }))
    .filter(({ count }) => count > 0)
    .map(({ ask, count }) =>
      hold.spec.alsoAsks === undefined ? String(count) : `${String(count)} for ${askNameOf(ask)}`,
    );
  const shown = `hold.holdpoint.dev/${toPrintable(name)}`;
  if (verdict === 'deny') context.print(`${shown} denied`);
  else if (missing.length > 0)
    context.print(`${shown} approved by you; ${toPrintable(missing.join(', '))} more needed`);
  else context.print(`${shown} approved; usable until ${hold.status?.useBefore ?? 'it expires'}`);
  if (grant !== undefined) {
    const { subject, policy, rule } = hold.spec;
    const { username, session } = subject;
    await giveGrant(context, { ...grant, username, ...(session === undefined ? {} : { session }), policy, rule });
  }
}
