import { isStream, isTunnel, type RequestInfo } from './request-info.ts';

const writeVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/**
 * True for writes that admission judges, or need no judging, and for the streams that it knows as CONNECT. All else is
 * judged here, an unknown verb too.
 *
 * @param unseenGroups API groups that another server answers for
 */
export function isSeenByAdmission(info: RequestInfo, unseenGroups: ReadonlySet<string>): boolean {
  if (!info.isResourceRequest || isTunnel(info) || isUnseen(info, unseenGroups) || isReviewOfOthers(info)) return false;
  return isStream(info) || writeVerbs.has(info.verb);
}

/** What no webhook is asked about, whoever writes it: the admission configuration itself, and what another server stores. */
export function isUnseen(info: RequestInfo, unseenGroups: ReadonlySet<string>): boolean {
  return info.apiGroup === 'admissionregistration.k8s.io' || unseenGroups.has(info.apiGroup);
}

/**
 * Questions about anybody's token, or anybody's rights, asked by a create. Those about oneself (`kubectl auth whoami`,
 * `can-i`) reach no webhook either, and need none. Source: kubernetes kubeapiserver/admission/exclusion.
 */
const reviewsOfOthers = new Set([
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/subjectaccessreviews',
]);

/** True for a question about somebody else's token or rights. */
export function isReviewOfOthers(info: RequestInfo): boolean {
  return info.verb === 'create' && reviewsOfOthers.has(`${info.apiGroup}/${info.resource}`);
}
