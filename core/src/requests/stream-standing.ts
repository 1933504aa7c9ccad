import type { UserInfo } from '../identity/user-info.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import { evaluateWrite, type StrictestVerdict, type WriteRequest } from '../policy/evaluate.ts';
import type { JsonObject } from '../kubernetes/object.ts';
import { isAboutWrite } from '../grants/covers.ts';
import type { Grant } from '../grants/grant.ts';
import { grantPhaseAt } from '../grants/grant-phase.ts';
import type { RequestInfo } from './request-info.ts';

/** What a client asks of a container, as its URL's query has it. */
export interface ConnectOptions {
  container: string;
  command: readonly string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

const kinds: Readonly<Record<string, string>> = { exec: 'PodExecOptions', attach: 'PodAttachOptions' };

/** Exec, attach or port-forward as admission is asked about it: a CONNECT, with the options as its object. */
export function connectOf(user: UserInfo, info: RequestInfo, options: ConnectOptions): WriteRequest {
  const { namespace, name, subresource } = info;
  const resource = { group: info.apiGroup, version: info.apiVersion, resource: info.resource };
  const { container, command, stdin, stdout, stderr, tty } = options;
  const kind = kinds[subresource] ?? 'PodPortForwardOptions';
  const object: JsonObject = {
    kind,
    apiVersion: 'v1',
    ...(kind === 'PodPortForwardOptions' ? {} : { stdin, stdout, stderr, tty }),
    ...(container === '' ? {} : { container }),
    ...(kind === 'PodExecOptions' ? { command: [...command] } : {}),
  };
  const extra = Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]));
  const request: JsonObject = {
    ...{ operation: 'CONNECT', name, namespace, subResource: subresource, resource },
    ...{ kind: { group: '', version: 'v1', kind }, object, dryRun: false },
    userInfo: { username: user.username, groups: [...user.groups], extra },
  };
  return {
    operation: 'CONNECT',
    ...{ resource, subresource, namespace, name, user, object, request },
    oldObject: null,
    // Namespaces are not the proxy's to read: a rule that selects them cannot be answered here.
    namespaceObject: null,
  };
}

/** What a stream stood on when it was opened: what must still be so for it to go on. */
export interface Footing {
  /** False where the verdict then was a denial too: the webhook knew better, so ours is not asked again. */
  isJudged: boolean;
  /** Grants that covered it, by their names; empty where none did, or a person approved it. */
  grants: readonly string[];
}

/** @param wasHeld whether a person approved this very request: then no grant is what it stands on */
export function footingOf(
  policies: readonly CompiledPolicy[],
  grants: readonly Grant[],
  write: WriteRequest,
  wasHeld: boolean,
  nowMs: number,
): Footing {
  const verdict = evaluateWrite(policies, write);
  const isCovering = (grant: Grant, by: StrictestVerdict): boolean =>
    grantPhaseAt(grant, nowMs) !== 'Revoked' &&
    grantPhaseAt(grant, nowMs) !== 'Expired' &&
    isAboutWrite(grant, by, write);
  const covering = verdict?.action === 'Hold' && !wasHeld ? grants.filter((grant) => isCovering(grant, verdict)) : [];
  return {
    isJudged: verdict !== undefined && verdict.action !== 'Deny',
    grants: covering.map((grant) => grant.metadata.name ?? ''),
  };
}

/**
 * Why a stream that is open must end: its user is denied what it asked for, or every grant that let it through has been taken
 * back or is over. undefined while it may go on. A rule that holds now changes nothing for what was let through before; nor
 * does a grant that has been used up, for this is one of its uses.
 */
export function endOfFooting(
  footing: Footing,
  policies: readonly CompiledPolicy[],
  grants: readonly Grant[],
  write: WriteRequest,
  nowMs: number,
): string | undefined {
  const verdict = footing.isJudged ? evaluateWrite(policies, write) : undefined;
  if (verdict?.action === 'Deny') {
    return verdict.message ?? `rule "${verdict.rule}" of policy "${verdict.policy}" denies it now`;
  }
  if (footing.grants.length === 0 || verdict?.action === 'Allow') return undefined;
  const standing = grants.some((grant) => {
    const phase = grantPhaseAt(grant, nowMs);
    return footing.grants.includes(grant.metadata.name ?? '') && (phase === 'Active' || phase === 'UsedUp');
  });
  return standing ? undefined : `grant ${footing.grants.join(', ')} has been taken back or is over`;
}
