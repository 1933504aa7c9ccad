import type { CelActivation } from '../cel/compile-cel.ts';
import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicy, ExecRecording } from '../policy/access-policy.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import { governingPolicies } from '../policy/governing-policies.ts';
import { closedDoorOf } from './closed-door.ts';
import { describeRequest } from './describe-request.ts';
import { matchReadRule } from './read-rule.ts';
import { readActivationOf } from './read-variables.ts';
import { isSeenByAdmission } from './seen-by-admission.ts';
import { isStream, type RequestInfo, type RequestReading } from './request-info.ts';

/** What of a reading is judged. */
export type JudgedRequest = Pick<RequestReading, 'info' | 'query'>;

/** The proxy's verdict on one request. Names the policy and rule, empty where none decided. */
export interface ReadVerdict {
  action: 'Allow' | 'Deny';
  policy: string;
  rule: string;
  /** Told to whoever is refused. */
  message: string;
}

/**
 * Judges what admission never sees. Reads follow the policies' `reads`; tunnels (`…/proxy`), non-resource URLs and writes
 * that reach no webhook are refused unless a rule names and allows them; every other write is left to the webhook, and so
 * are terminals and port-forwards that no rule refuses. Of several policies the strictest verdict wins; a user whom none
 * governs is refused, for the proxy serves nobody else.
 *
 * @param unseenGroups API groups whose writes reach no admission webhook, beside those that never do: those of aggregated
 *   API servers
 */
export function evaluateRead(
  policies: readonly CompiledPolicy[],
  user: UserInfo,
  reading: JudgedRequest,
  unseenGroups: ReadonlySet<string> = new Set(),
): ReadVerdict {
  let made: CelActivation | undefined;
  const activation = (): CelActivation => (made ??= readActivationOf(user, reading));
  const governing = governingPolicies(policies, user);
  const verdicts = governing.map((policy) => verdictOf(policy, reading.info, unseenGroups, activation));
  return (
    verdicts.find((verdict) => verdict.action === 'Deny') ??
    verdicts.find((verdict) => verdict.rule !== '') ??
    verdicts[0] ?? {
      action: 'Deny',
      policy: '',
      rule: '',
      message: 'no AccessPolicy governs you: use the API server directly; this address serves governed agents only',
    }
  );
}

/** How this user's terminals are recorded: the strictest of the governing policies. */
export function execRecordingOf(policies: readonly Pick<AccessPolicy, 'spec'>[], user: UserInfo): ExecRecording {
  const wanted = governingPolicies(policies, user).map((policy) => policy.spec.exec?.record ?? 'Required');
  if (wanted.length === 0 || wanted.includes('Required')) return 'Required';
  return wanted.includes('BestEffort') ? 'BestEffort' : 'Off';
}

/** Whether what this user types is recorded: unless each of the governing policies says no. */
export function isInputRecordedFor(policies: readonly Pick<AccessPolicy, 'spec'>[], user: UserInfo): boolean {
  const governing = governingPolicies(policies, user);
  return governing.length === 0 || governing.some((policy) => policy.spec.exec?.recordInput !== false);
}

function verdictOf(
  { name, reads }: CompiledPolicy,
  info: RequestInfo,
  unseenGroups: ReadonlySet<string>,
  activation: () => CelActivation,
): ReadVerdict {
  const leftToAdmission: ReadVerdict = { action: 'Allow', policy: name, rule: '', message: '' };
  const isSeen = isSeenByAdmission(info, unseenGroups);
  if (isSeen && !isStream(info)) return leftToAdmission;

  const door = closedDoorOf(info, unseenGroups);
  for (const compiled of reads.rules) {
    const { rule } = compiled;
    // Of a closed door only a rule that names it speaks, unless it keeps the door shut.
    if (door !== undefined && rule.action === 'Allow' && !door.isNamedBy(rule)) continue;
    const match = matchReadRule(compiled, info, activation);
    if (match.type === 'No') continue;
    const decided = { policy: name, rule: rule.name };
    // Neither "matches" nor "does not" is known; either could be the one that lets the request through.
    if (match.type === 'Error') return { ...decided, action: 'Deny', message: match.message };
    if (rule.action === 'Allow') return { ...decided, action: 'Allow', message: '' };
    const message = rule.message ?? `rule ${rule.name} of AccessPolicy ${name} refuses ${describeRequest(info)}`;
    return { ...decided, action: 'Deny', message };
  }
  if (isSeen) return leftToAdmission;
  if (door !== undefined) return { action: 'Deny', policy: name, rule: '', message: door.message };
  const message =
    reads.defaultAction === 'Deny' ? `no rule of AccessPolicy ${name} allows ${describeRequest(info)}` : '';
  return { action: reads.defaultAction, policy: name, rule: '', message };
}
