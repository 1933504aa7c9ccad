import { randomUUID } from 'node:crypto';
import { extraKeys, type UserInfo } from '@holdpoint/core';
import type { PauseEnd } from '../pause/pause.ts';
import type { Exchange, ExchangeEnd } from './exchange.ts';

/** audit.k8s.io/v1 Event, as far as the proxy has something to say. */
export type TranscriptEvent = Readonly<Record<string, unknown>>;

/** Our webhook's name, by which the sink knows a verdict of ours from anybody else's annotation. */
const judge = 'judge.holdpoint.dev';
const proxy = 'proxy.holdpoint.dev';

/** How the wait for an approval stands in the record. */
const decisions: Readonly<Record<Exclude<PauseEnd, 'passed'>, string>> = {
  denied: 'deny',
  expired: 'deny',
  lapsed: 'deny',
  deleted: 'deny',
  stillHeld: 'hold',
  noRoom: 'hold',
  unknownHold: 'hold',
  moved: 'hold',
  clientGone: 'hold',
  failed: 'hold',
};

/**
 * One request as the proxy tells of it, in the form and under the Audit-ID of the API server's own event of the last attempt.
 * What the API server alone knows (bodies, the webhook's word on what passed without a wait) is not in it.
 *
 * @param proxyUsername the account that impersonates: by it the sink knows what came through the proxy
 */
export function toTranscriptEvent(exchange: Exchange, end: ExchangeEnd, proxyUsername: string): TranscriptEvent {
  const { received, user, refusal } = exchange;
  const message = refusal?.refused.message;
  return {
    level: 'Metadata',
    auditID: exchange.auditId,
    stage: 'ResponseComplete',
    requestURI: exchange.url,
    verb: received?.info.verb ?? exchange.method.toLowerCase(),
    ...(user === undefined
      ? { user: {} }
      : { user: { username: proxyUsername }, impersonatedUser: agentOf(exchange, user) }),
    sourceIPs: exchange.sourceIp === '' ? [] : [exchange.sourceIp],
    userAgent: exchange.userAgent,
    ...(received?.info.isResourceRequest === true ? { objectRef: referenceOf(received.info) } : {}),
    responseStatus: {
      code: end.code,
      ...(refusal === undefined ? {} : { reason: refusal.refused.reason }),
      ...(message === undefined ? {} : { message }),
    },
    requestReceivedTimestamp: timestamp(exchange.receivedAtMs),
    stageTimestamp: timestamp(Math.max(exchange.receivedAtMs, end.endedAtMs)),
    annotations: annotationsOf(exchange, end),
  };
}

/** Requests that are not told one by one, and why. */
export interface LeftOut {
  reason: string;
  requests: number;
  sinceMs: number;
}

/** So that a gap in the transcript is in the record, and not only in a metric. */
export function toLeftOutEvent(leftOut: LeftOut, atMs: number, proxyUsername: string): TranscriptEvent {
  return {
    level: 'Metadata',
    auditID: randomUUID(),
    stage: 'ResponseComplete',
    user: { username: proxyUsername },
    responseStatus: { message: `${String(leftOut.requests)} requests are not told of one by one: ${leftOut.reason}` },
    requestReceivedTimestamp: timestamp(leftOut.sinceMs),
    stageTimestamp: timestamp(Math.max(leftOut.sinceMs, atMs)),
    annotations: {
      [`${proxy}/left-out`]: String(leftOut.requests),
      [`${proxy}/left-out-reason`]: leftOut.reason,
    },
  };
}

function agentOf({ received, requestId }: Exchange, user: UserInfo): object {
  const extra: Record<string, readonly string[]> = {};
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined) extra[key] = [value];
  };
  put(extraKeys.session, user.extra[extraKeys.session]?.[0]);
  put(extraKeys.onBehalfOf, user.extra[extraKeys.onBehalfOf]?.[0]);
  put(extraKeys.request, requestId);
  put(extraKeys.command, received?.command);
  put(extraKeys.invocation, received?.invocation);
  return { username: user.username, groups: user.groups, extra };
}

function referenceOf(info: NonNullable<Exchange['received']>['info']): object {
  const { apiGroup, apiVersion, resource, subresource, namespace, name } = info;
  return { apiGroup, apiVersion, resource, subresource, namespace, name };
}

function annotationsOf(exchange: Exchange, end: ExchangeEnd): Record<string, string> {
  const { pause, denied, masked } = exchange;
  const annotations: Record<string, string> = {};
  const judged = (decision: string, policy: string, rule: string): void => {
    annotations[`${judge}/decision`] = decision;
    annotations[`${judge}/policy`] = policy;
    annotations[`${judge}/rule`] = rule;
  };
  const measured = (name: string, value: number): void => {
    annotations[`${proxy}/${name}`] = String(Math.round(value));
  };
  if (denied !== undefined) judged('deny', denied.policy, denied.rule);
  if (pause !== undefined) {
    // What passed without an approval that we saw (the policy was changed, a grant given) was the webhook's decision, not told to us.
    if (pause.end !== 'passed') judged(decisions[pause.end], pause.policy, pause.rule);
    else if (pause.approved) judged('approved', pause.policy, pause.rule);
    annotations[`${judge}/hold`] = pause.hold;
    annotations[`${proxy}/pause`] = pause.end;
    measured('paused-ms', pause.waitedMs);
  }
  measured('total-ms', Math.max(0, end.endedAtMs - exchange.receivedAtMs));
  measured('upstream-ms', exchange.upstreamMs);
  measured('attempts', exchange.attempts);
  measured('bytes-in', exchange.bytesIn);
  measured('bytes-out', end.bytesOut);
  if (masked.values > 0) {
    measured('masked-values', masked.values);
    annotations[`${proxy}/masked`] = [...masked.places].join(' ');
  }
  return annotations;
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
