import type { Change } from '../holds/hold.ts';
import { digestOf, type Hmac } from '../holds/digest.ts';
import { elevationOf } from '../identity/elevation-groups.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { askedNameOf } from './asked-name.ts';

/** The digest that a request's hold has, and a grant that it asks for. @param change as changeOf gives it, not masked */
export function requestDigestOf(request: AdmissionRequest, change: Change, hmac: Hmac): string {
  const { user, operation, resource, subresource, namespace, oldObject } = request;
  const { username } = user;
  const name = askedNameOf(request);
  const elevated = elevationOf(user);
  return digestOf({ username, operation, resource, subresource, namespace, name, change, oldObject, elevated }, hmac);
}
