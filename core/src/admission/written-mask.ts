import { extraKeys, extraOf } from '../identity/user-info.ts';
import { maskedPlaces } from '../masking/find-mask-tokens.ts';
import type { AdmissionRequest } from './admission-review.ts';

/**
 * Why a write that carries a mask is refused, where the mask stands, and what to do. Masks that came from where they stand were
 * exchanged for their values before: see restoreMasks.
 */
export function foreignMaskRefusal(
  { operation, object }: AdmissionRequest,
  containsMask: (text: string) => boolean,
): string {
  const places = maskedPlaces(object, containsMask);
  const where = places.length === 0 ? '' : ` at ${places.join(', ')}`;
  const carries = `The request carries a masked value (holdpoint-mask:…)${where}, `;
  if (operation === 'CREATE') {
    return (
      `${carries}and a new object has no value that it could stand for. ` +
      'Leave it out, or have the value put there by who knows it.'
    );
  }
  return (
    `${carries}which did not come from there, or whose value has changed since: it would overwrite the real one. ` +
    'Read the object again, and leave masked values where they stand, or leave them out.'
  );
}

/** The first half of `kubectl replace --force`; without the flag, replace deletes nothing. The command is the client's own word. */
export function isForcedReplace({ operation, user }: AdmissionRequest): boolean {
  return operation === 'DELETE' && /^kubectl replace(?: |$)/.test(extraOf(user, extraKeys.command) ?? '');
}
