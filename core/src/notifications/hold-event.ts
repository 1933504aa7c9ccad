import type { Hold } from '../holds/hold.ts';
import { clusterEventNamespace, type CoreEvent } from '../kubernetes/event.ts';
import type { NotifiedPhase } from '../policy/access-policy.ts';
import { toHoldNotification } from './hold-notification.ts';
import { plainText } from './plain-text.ts';
import { reachedPhases, type ReachedPhase } from './reached-phases.ts';
import { sentenceOf } from './sentence.ts';

/** The API server's own bound on the note of an event. Source: kubernetes pkg/apis/core/validation/events.go. */
const maxMessage = 1_024;
/**
 * An event tells of the present. What was reached longer ago is not told any more: the API server forgets an event after an
 * hour, and without this bound whoever leads next would write all of them again. Ten minutes is longer than any change of
 * leader or upgrade takes.
 */
export const eventWindowMs = 600_000;

/** The phases of a hold that there should be an event of. */
export function phasesWithEvent(hold: Hold, nowMs: number): ReachedPhase[] {
  return reachedPhases(hold, nowMs).filter(({ atMs }) => nowMs - atMs < eventWindowMs);
}

/** Every replica gives it the same name, so that they meet on one object: the second create is answered with 409. */
export function eventNameOf(hold: Hold, phase: NotifiedPhase): string {
  return `${hold.metadata.name ?? ''}.${reasonOf(phase).toLowerCase()}.${hold.metadata.uid ?? ''}`;
}

/** An event on a hold, which `kubectl describe hold` and `kubectl get events` show. */
export function toHoldEvent(hold: Hold, { phase, atMs }: ReachedPhase): CoreEvent {
  const time = new Date(atMs).toISOString();
  const name = hold.metadata.name ?? '';
  const isEnd = phase === 'Denied' || phase === 'Expired' || phase === 'Lapsed';
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventNameOf(hold, phase), namespace: clusterEventNamespace },
    involvedObject: { apiVersion: hold.apiVersion, kind: 'Hold', name, uid: hold.metadata.uid ?? '' },
    reason: reasonOf(phase),
    message: plainText(sentenceOf(toHoldNotification({ hold, phase, atMs, id: '' })), maxMessage),
    type: isEnd ? 'Warning' : 'Normal',
    source: { component: 'holdpoint-webhook' },
    reportingComponent: 'holdpoint-webhook',
    reportingInstance: 'holdpoint-webhook',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

function reasonOf(phase: NotifiedPhase): string {
  return phase === 'Pending' ? 'Held' : phase;
}
