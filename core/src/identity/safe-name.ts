import { HoldpointError } from '../errors.ts';

/**
 * Returns a name that a token maps to, if it may be one. It travels in a header, where what a header would trim or refuse
 * could arrive as another name; and the `system:` space is the cluster's own, which no issuer outside may hand out.
 *
 * @param source where the name comes from, for the message: the claim, or the expression's path
 * @throws HoldpointError ERR_TOKEN_INVALID
 */
export function safeName(source: string, name: string): string {
  if (/^\s|\s$|\p{Cc}/u.test(name)) throw refused(source, 'has a control character, or white space at an end');
  // `System:` too: what tells the two apart might not do so everywhere.
  if (name.toLowerCase().startsWith('system:')) throw refused(source, 'would become a name of the system: space');
  return name;
}

export function refused(source: string, problem: string): HoldpointError {
  return new HoldpointError('ERR_TOKEN_INVALID', `${source} ${problem}`, { details: { source } });
}
