import type { ReadRule } from '../policy/access-policy.ts';
import { describeRequest } from './describe-request.ts';
import { isTunnel, type RequestInfo } from './request-info.ts';
import { isReviewOfOthers, isUnseen } from './seen-by-admission.ts';

/** A request that is refused unless a rule opens the door by name; a rule for everything (`*`) does not mean this. */
export interface ClosedDoor {
  message: string;
  isNamedBy(rule: ReadRule): boolean;
}

/**
 * What lies behind a closed door: URLs outside the API's resources, tunnels past the API server's own rules, questions
 * about other people's tokens and rights, and writes that reach no webhook.
 *
 * @returns undefined for every other request
 */
export function closedDoorOf(info: RequestInfo, unseenGroups: ReadonlySet<string>): ClosedDoor | undefined {
  const what = describeRequest(info);
  if (!info.isResourceRequest) {
    if ((info.verb === 'get' || info.verb === 'head') && openPaths.test(info.path)) return undefined;
    return {
      message: `${what} is outside the API's resources and refused; a reads rule with nonResourceURLs can allow it`,
      isNamedBy: () => true,
    };
  }
  if (isTunnel(info)) {
    return {
      message: `${what} reaches past the API server's own rules and is refused; a reads rule that names ${info.resource}/proxy can allow it`,
      isNamedBy: (rule) => (rule.resources ?? []).some((resource) => resource.endsWith('/proxy')),
    };
  }
  if (isReviewOfOthers(info)) {
    return {
      message: `${what} asks about others and is refused; a reads rule that names ${info.resource} can allow it. For your own rights: kubectl auth can-i`,
      isNamedBy: (rule) => (rule.resources ?? []).includes(info.resource),
    };
  }
  if (!isReading(info) && isUnseen(info, unseenGroups)) {
    return {
      message: `${what} would pass by no admission webhook and is refused; a reads rule that names the group ${info.apiGroup} can allow it`,
      isNamedBy: (rule) => (rule.apiGroups ?? []).includes(info.apiGroup),
    };
  }
  return undefined;
}

/** Discovery, OpenAPI, version and health: what every client asks for before it does anything. */
const openPaths =
  /^\/(?:api(?:\/[^/]+)?|apis(?:\/[^/]+){0,2}|openapi(?:\/.*)?|version|(?:healthz|livez|readyz)(?:\/.*)?)?$/;

function isReading(info: RequestInfo): boolean {
  return info.verb === 'get' || info.verb === 'list' || info.verb === 'watch';
}
