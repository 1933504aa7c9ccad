import {
  decisionAnnotation,
  grantPhaseAt,
  HoldpointError,
  parseDurationSeconds,
  reasonAnnotation,
  type Grant,
} from '@holdpoint/core';
import { kinds } from '@holdpoint/platform';
import { formatSpan } from '../output/age.ts';
import { printObjects, type Format } from '../output/format.ts';
import { printTable, toPrintable } from '../output/table.ts';
import { forEachName } from './each-name.ts';
import type { CommandContext } from './context.ts';

/** How far a grant reaches and how long it lasts, from flags. */
export interface GrantTermOptions {
  /** `90s`, `15m`, `2h`. */
  duration: string;
  maxUses?: number;
  namespaces?: string[];
  reason?: string;
}

export interface GiveGrantOptions extends GrantTermOptions {
  username: string;
  session?: string;
  policy: string;
  rule: string;
}

/** Creates a Grant. Whether this person may give it is the webhook's to say. Throws its refusal, or ERR_CONFIG_INVALID. */
export async function giveGrant(context: CommandContext, options: GiveGrantOptions): Promise<void> {
  const { username, session, policy, rule, duration, maxUses, namespaces, reason } = options;
  checkDuration(duration);
  const grant = await context.kube().create<Grant>(kinds.grants, {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Grant',
    metadata: { generateName: 'g-' } as Grant['metadata'],
    spec: {
      subject: { username, ...(session === undefined ? {} : { session }) },
      scope: { policy, rule, ...(namespaces === undefined || namespaces.length === 0 ? {} : { namespaces }) },
      duration,
      ...(maxUses === undefined ? {} : { maxUses }),
      ...(reason === undefined ? {} : { reason }),
    },
  });
  const name = grant.metadata.name ?? '';
  if (grant.status === undefined) {
    throw new HoldpointError(
      'ERR_UPSTREAM_UNAVAILABLE',
      `grant "${name}" gives nothing: nobody put its seal on it. Is the webhook registered? Delete it before you try again.`,
    );
  }
  const uses = maxUses === undefined ? '' : `, ${String(maxUses)} times`;
  context.print(toPrintable(`grant.holdpoint.dev/${name} given to ${username} until ${grant.status.expiresAt}${uses}`));
}

/** Throws ERR_CONFIG_INVALID: before a hold is approved for which no grant can follow. */
export function checkDuration(duration: string): void {
  if (parseDurationSeconds(duration) === undefined) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `"${duration}": expected a duration such as 90s, 15m or 2h`);
  }
}

/** POLICY/RULE. Throws ERR_CONFIG_INVALID. */
export function parseRuleName(text: string): { policy: string; rule: string } {
  const [, policy, rule] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (policy === undefined || rule === undefined) {
    throw new HoldpointError(
      'ERR_CONFIG_INVALID',
      `--rule ${text}: expected POLICY/RULE, as "approvals list" shows it`,
    );
  }
  return { policy, rule };
}

export interface GrantListOptions {
  /** Also what is used up, over or revoked. */
  all: boolean;
  subject?: string;
  format: Format;
  headers: boolean;
}

/** The grants in force, the one that ends first on top. */
export async function listGrants(context: CommandContext, options: GrantListOptions): Promise<void> {
  const { all, subject, format, headers } = options;
  const nowMs = context.now();
  const terms = [
    ...(all ? [] : ['status.phase=Active']),
    ...(subject === undefined ? [] : [`spec.subject.username=${subject.replace(/[\\,=]/g, '\\$&')}`]),
  ];
  const query = terms.length === 0 ? {} : { query: { fieldSelector: terms.join(',') } };
  const list = (await context.raw().get('/apis/holdpoint.dev/v1alpha1/grants', query)) as { items: Grant[] };
  const grants = list.items
    .filter((grant) => all || grantPhaseAt(grant, nowMs) === 'Active')
    .sort((a, b) => (a.status?.expiresAt ?? '').localeCompare(b.status?.expiresAt ?? ''));
  const forPrograms = printObjects(grants, format, 'grant.holdpoint.dev');
  if (forPrograms !== undefined) {
    if (forPrograms !== '') context.print(forPrograms);
  } else if (grants.length === 0) {
    context.warn(all ? 'No grants found.' : 'No grants are in force.');
  } else {
    const wide = format === 'wide';
    const columns = ['NAME', 'PHASE', 'SUBJECT', 'RULE', 'NAMESPACES', 'USES', 'ENDS IN', 'GRANTED BY'];
    context.print(
      printTable(
        wide ? [...columns, 'SESSION', 'REASON'] : columns,
        grants.map((grant) => rowOf(grant, nowMs, wide)),
        { headers },
      ),
    );
  }
}

function rowOf(grant: Grant, nowMs: number, wide: boolean): string[] {
  const { subject, scope, maxUses, reason } = grant.spec;
  const { status } = grant;
  const phase = grantPhaseAt(grant, nowMs);
  return [
    grant.metadata.name ?? '',
    phase,
    subject.username,
    `${scope.policy}/${scope.rule}`,
    scope.namespaces?.join(',') ?? '*',
    maxUses === undefined ? 'unlimited' : `${String(status?.uses ?? 0)}/${String(maxUses)}`,
    phase === 'Active' ? formatSpan(Date.parse(status?.expiresAt ?? '') - nowMs) : '-',
    status?.grantedBy ?? (status?.digest === undefined ? '-' : 'a hold'),
    ...(wide ? [subject.session ?? '-', reason ?? '-'] : []),
  ];
}

/** Ends each at once: by annotating, as a hold is decided. One that fails does not keep the others from being revoked. */
export async function revokeGrants(context: CommandContext, names: string[], reason?: string): Promise<void> {
  await forEachName(names, async (name) => {
    const annotations = {
      [decisionAnnotation]: 'revoke',
      ...(reason === undefined ? {} : { [reasonAnnotation]: reason }),
    };
    const grant = await context.kube().mergePatch<Grant>(kinds.grants, name, { metadata: { annotations } });
    if (grantPhaseAt(grant, context.now()) !== 'Revoked') {
      throw new HoldpointError(
        'ERR_UPSTREAM_UNAVAILABLE',
        `grant "${name}" is not revoked: nobody took the annotation ${decisionAnnotation}. Is the webhook registered?`,
      );
    }
    context.print(`grant.holdpoint.dev/${toPrintable(name)} revoked`);
  });
}
