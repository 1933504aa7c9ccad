import type { UserInfo } from '../identity/user-info.ts';
import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { AccessPolicy } from '../policy/access-policy.ts';
import { governingPolicies } from '../policy/governing-policies.ts';
import type { AuditRow } from './audit-row.ts';
import { toStoreTime } from './event-time.ts';

/**
 * Why a write looks as if it had gone past us, the gravest first: a governed user acted as somebody else; nobody judged it; it
 * was judged, but did not come through the proxy, which alone masks answers and records terminals.
 */
export type Bypass = 'as-another-user' | 'no-decision' | 'not-through-proxy';

export interface MarkInput {
  /** As they stand now, compiled or not. */
  policies: readonly Pick<AccessPolicy, 'metadata' | 'spec'>[];
  /** Who authenticated, with the groups, which a row keeps only of whom they acted as. Undefined where nobody knows. */
  authenticated: Pick<UserInfo, 'username' | 'groups'> | undefined;
  /** True where every governed user is to come through the proxy. */
  expectProxy: boolean;
}

/** Fills in `governed` and `bypass`: what is known of the policies when an event comes in. Everything else stays. */
export function markRow(row: AuditRow, { policies, authenticated, expectProxy }: MarkInput): AuditRow {
  const isGoverned = (user: Pick<UserInfo, 'username' | 'groups'>): boolean =>
    governingPolicies(policies, user).some((policy) => wasThere(policy, row.event_time));
  const governed = isGoverned(row);
  const bypass = bypassOf(row, governed, expectProxy, () => authenticated !== undefined && isGoverned(authenticated));
  return { ...row, governed, bypass };
}

/** A policy says nothing of what was before it, and events may come minutes late. */
function wasThere({ metadata }: Pick<AccessPolicy, 'metadata'>, time: string): boolean {
  return (toStoreTime(metadata.creationTimestamp ?? '') ?? '') <= time;
}

function bypassOf(
  row: AuditRow,
  governed: boolean,
  expectProxy: boolean,
  isAuthenticatedGoverned: () => boolean,
): Bypass | '' {
  // The proxy's account is of what came through it, and it is not told what the webhook said of what passed.
  if (row.source === 'proxy' || !hasWritten(row)) return '';
  if (row.impersonator !== '' && row.impersonator !== row.username && !row.via_proxy && isAuthenticatedGoverned()) {
    return 'as-another-user';
  }
  if (!governed) return '';
  if (row.decision === '' && isAskedAbout(row)) return 'no-decision';
  return expectProxy && !row.via_proxy ? 'not-through-proxy' : '';
}

const writeVerbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** Tunnels: CONNECT to admission, whatever their verb. */
const connections: readonly string[] = [
  'pods/exec',
  'pods/attach',
  'pods/portforward',
  'pods/proxy',
  'services/proxy',
  'nodes/proxy',
];

/** Creates that write nothing and, since 1.37, reach no webhook: what somebody may do, and who somebody is. */
const questions = [
  'authentication.k8s.io/selfsubjectreviews',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
  'authorization.k8s.io/subjectaccessreviews',
];

/** True for a write, or a tunnel, that the API server has let happen. */
function hasWritten(row: AuditRow): boolean {
  if (row.stage !== 'ResponseComplete' || row.code >= 400 || row.resource === '') return false;
  if (isConnection(row)) return true;
  if (!writeVerbs.includes(row.verb) || isDryRun(row) || hasDeletedNothing(row)) return false;
  return !questions.includes(`${row.api_group}/${row.resource}`);
}

function isConnection({ api_group, resource, subresource }: AuditRow): boolean {
  return api_group === '' && connections.includes(`${resource}/${subresource}`);
}

/** A collection without items, of which admission is not asked either. */
function hasDeletedNothing({ verb, response_body }: AuditRow): boolean {
  if (verb !== 'deletecollection') return false;
  const list = parsed(response_body);
  return isJsonObject(list) && Array.isArray(list['items']) && list['items'].length === 0;
}

/**
 * True for what the API server asks a webhook about. Our registration exempts neither a namespace nor an object; but admission
 * is not configured by what it admits.
 */
function isAskedAbout({ api_group }: AuditRow): boolean {
  return api_group !== 'admissionregistration.k8s.io';
}

/**
 * As the API server reads it, because the client writes it: a delete that sends options has them from its body, and the URL
 * is not looked at; where the body was not recorded, nobody can say, and it counts as a write. A token request hands out its
 * token in a dry run too.
 */
function isDryRun(row: AuditRow): boolean {
  if (row.resource === 'serviceaccounts' && row.subresource === 'token') return false;
  if (row.verb === 'delete' || row.verb === 'deletecollection') {
    if (row.level !== 'Request' && row.level !== 'RequestResponse') return false;
    if (row.broken !== '') return false;
    if (row.request_body !== '') {
      const options = parsed(row.request_body);
      return isJsonObject(options) && Array.isArray(options['dryRun']) && options['dryRun'].includes('All');
    }
  }
  const query = row.request_uri.slice(row.request_uri.indexOf('?') + 1);
  return row.request_uri.includes('?') && query.split('&').includes('dryRun=All');
}

function parsed(body: string): JsonValue | undefined {
  if (body === '') return undefined;
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    return undefined; // Not whole: nothing is known of it.
  }
}
