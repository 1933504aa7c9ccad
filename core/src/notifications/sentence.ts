import type { HoldNotification } from './hold-notification.ts';

/** `UPDATE deployments.apps/scale prod/web`: what is asked for, as kubectl would name it. */
export function requestText({
  operation,
  resource,
  subresource,
  namespace,
  name,
}: HoldNotification['hold']['request']) {
  const group = resource.group === '' ? '' : `.${resource.group}`;
  const sub = subresource === undefined ? '' : `/${subresource}`;
  const object = [namespace, name].filter((part) => part !== undefined && part !== '').join('/');
  return `${operation} ${resource.resource}${group}${sub}${object === '' ? '' : ` ${object}`}`;
}

/** One sentence on what has happened to a hold, by names alone. */
export function sentenceOf({ phase, hold }: HoldNotification): string {
  const request = requestText(hold.request);
  const who = hold.subject.username;
  const by = (verdict: 'approve' | 'deny'): string =>
    hold.decisions
      .filter((decision) => decision.verdict === verdict)
      .map((decision) => decision.by)
      .join(', ');
  switch (phase) {
    case 'Pending':
      return `${who} asks to ${request}: hold ${hold.name} waits for ${approvalsText(hold)}`;
    case 'Approved':
      return `hold ${hold.name} was approved by ${by('approve')}: ${who} may ${request}, once`;
    case 'Denied':
      return `hold ${hold.name} was denied by ${by('deny')}: ${who} may not ${request}`;
    case 'Used':
      return `hold ${hold.name} was used: ${who} did ${request}`;
    case 'Expired':
      return `hold ${hold.name} expired: nobody answered whether ${who} may ${request}`;
    case 'Lapsed':
      return `hold ${hold.name} lapsed: ${who} was allowed to ${request}, and did not in time`;
  }
}

/** `2 approvals of Group sre, User alice`. */
export function approvalsText({ minApprovals, approvers }: HoldNotification['hold']): string {
  const names = approvers.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  return `${minApprovals === 1 ? 'an approval' : `${String(minApprovals)} approvals`} of ${names}`;
}
