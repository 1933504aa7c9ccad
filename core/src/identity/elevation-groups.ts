import type { UserInfo } from './user-info.ts';

/**
 * What every group that a rule elevates to begins with, and no other group may. So it is known at once, whatever the policies say
 * just now, that a group is nobody's own: an issuer that hands one out is refused, and the webhook is asked about everybody in one.
 */
export const elevationPrefix = 'holdpoint:';

/** True for a group that only the proxy adds, to one request. */
export function isElevationGroup(group: string): boolean {
  return group.startsWith(elevationPrefix);
}

/** The groups that a request was elevated to, sorted; empty for one that was not. */
export function elevationOf({ groups }: Pick<UserInfo, 'groups'>): readonly string[] {
  return groups.filter(isElevationGroup).sort();
}

/** What makes a group unfit to be elevated to, or undefined. */
export function elevationGroupProblem(group: string): string | undefined {
  if (/^holdpoint:[a-z0-9]([a-z0-9:.-]*[a-z0-9])?$/.test(group)) return undefined;
  return `"${group}" must begin with "${elevationPrefix}" and go on in a-z, 0-9, ., : and -: no group that anybody is in otherwise`;
}
