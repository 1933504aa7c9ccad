import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicy, ExecRecording, ReadRule } from '../policy/access-policy.ts';
import { governingPolicies } from '../policy/governing-policies.ts';
import { matchesReadRule } from './read-rule.ts';
import type { RequestInfo } from './request-info.ts';

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
 * that reach no webhook are refused unless a rule names and allows them; every other write is left to the webhook. Of
 * several policies the strictest verdict wins; a user whom none governs is refused, for the proxy serves nobody else.
 *
 * @param unseenGroups API groups whose writes reach no admission webhook, beside the admission configuration itself:
 *   those of aggregated API servers
 */
export function evaluateRead(
  policies: readonly AccessPolicy[],
  user: UserInfo,
  info: RequestInfo,
  unseenGroups: ReadonlySet<string> = new Set(),
): ReadVerdict {
  const governing = governingPolicies(policies, user);
  const verdicts = governing.map((policy) => verdictOf(policy, info, unseenGroups));
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

function verdictOf(policy: AccessPolicy, info: RequestInfo, unseenGroups: ReadonlySet<string>): ReadVerdict {
  const name = policy.metadata.name ?? '';
  if (isSeenByAdmission(info, unseenGroups)) return { action: 'Allow', policy: name, rule: '', message: '' };

  const closed = closedDoor(info, unseenGroups);
  const rule = policy.spec.reads?.rules?.find(
    (each) =>
      matchesReadRule(each, info) && (closed === undefined || each.action === 'Deny' || closed.isNamedBy(each, info)),
  );
  if (rule !== undefined) {
    const message = rule.message ?? `rule ${rule.name} of AccessPolicy ${name} refuses ${describe(info)}`;
    return { action: rule.action, policy: name, rule: rule.name, message: rule.action === 'Deny' ? message : '' };
  }
  if (closed !== undefined) return { action: 'Deny', policy: name, rule: '', message: closed.message };
  const action = policy.spec.reads?.defaultAction ?? 'Allow';
  const message = action === 'Deny' ? `no rule of AccessPolicy ${name} allows ${describe(info)}` : '';
  return { action, policy: name, rule: '', message };
}

/** A request that is refused unless a rule opens the door by name; a rule for everything (`*`) does not mean this. */
interface ClosedDoor {
  message: string;
  isNamedBy(rule: ReadRule, info: RequestInfo): boolean;
}

function closedDoor(info: RequestInfo, unseenGroups: ReadonlySet<string>): ClosedDoor | undefined {
  if (!info.isResourceRequest) {
    if ((info.verb === 'get' || info.verb === 'head') && openPaths.test(info.path)) return undefined;
    return {
      message: `${describe(info)} is outside the API's resources and refused; a reads rule with nonResourceURLs can allow it`,
      isNamedBy: () => true,
    };
  }
  if (isTunnel(info)) {
    return {
      message: `${describe(info)} reaches past the API server's own rules and is refused; a reads rule that names ${info.resource}/proxy can allow it`,
      isNamedBy: (rule) => (rule.resources ?? []).some((resource) => resource.endsWith('/proxy')),
    };
  }
  if (!isReading(info) && isUnseen(info, unseenGroups)) {
    return {
      message: `${describe(info)} would pass by no admission webhook and is refused; a reads rule that names the group ${info.apiGroup} can allow it`,
      isNamedBy: (rule) => (rule.apiGroups ?? []).includes(info.apiGroup),
    };
  }
  return undefined;
}

/** Discovery, OpenAPI, version and health: what every client asks for before it does anything. */
const openPaths =
  /^\/(?:api(?:\/[^/]+)?|apis(?:\/[^/]+){0,2}|openapi(?:\/.*)?|version|(?:healthz|livez|readyz)(?:\/.*)?)?$/;

const streams = new Set(['pods/exec', 'pods/attach', 'pods/portforward']);

/** `…/proxy` in any spelling: nodes, pods, services, and the verb in the path that API servers no longer serve. */
function isTunnel(info: RequestInfo): boolean {
  return info.subresource === 'proxy' || info.verb === 'proxy';
}

function isReading(info: RequestInfo): boolean {
  return info.verb === 'get' || info.verb === 'list' || info.verb === 'watch';
}

function isUnseen(info: RequestInfo, unseenGroups: ReadonlySet<string>): boolean {
  return info.apiGroup === 'admissionregistration.k8s.io' || unseenGroups.has(info.apiGroup);
}

/** Writes, and the streams that admission knows as CONNECT. An unknown verb is nobody's: judged here. */
function isSeenByAdmission(info: RequestInfo, unseenGroups: ReadonlySet<string>): boolean {
  if (!info.isResourceRequest || isTunnel(info) || isUnseen(info, unseenGroups)) return false;
  if (info.apiGroup === '' && streams.has(`${info.resource}/${info.subresource}`)) return true;
  return ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(info.verb);
}

function describe(info: RequestInfo): string {
  if (!info.isResourceRequest) return `${info.verb} ${info.path}`;
  const resource = [info.resource, info.subresource].filter((part) => part !== '').join('/');
  const group = info.apiGroup === '' ? '' : `.${info.apiGroup}`;
  const where = info.namespace === '' ? '' : ` in namespace ${info.namespace}`;
  return `${info.verb} ${resource}${group}${where}`;
}
