import type { RequestInfo } from '../requests/request-info.ts';
import type { AccessPolicySpec, MaskedResources } from '../policy/access-policy.ts';
import { matchesResource } from '../policy/resource-rule.ts';
import { parseFieldPath, type FieldPath } from './field-path.ts';
import type { Assumed } from './mask-object.ts';
import { isQuiet } from './quiet-resources.ts';

/** How the answers to one request are masked. */
export interface AnswerMasking {
  /** The request is about what is a secret by its place. */
  assumed?: Assumed;
  /** What is looked for by how it looks: everything, Helm's payloads alone, or nothing. */
  detectors: 'all' | 'packed' | 'none';
  /** Places that a policy names. */
  fields: readonly FieldPath[];
  /** A failure's message may quote what no detector would find: see maskStatus. */
  withholdsMessages?: boolean;
}

/** Of a request, what says how its answers are masked. */
export type MaskedRequest = Pick<
  RequestInfo,
  'isResourceRequest' | 'verb' | 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name'
>;

/**
 * How to mask what a request's answers show, by the policies that govern its user; undefined where nothing can be in them,
 * and they pass unread. Of several policies the strictest counts: fields of all, and detectors where any has them.
 * A path that does not parse throws RangeError: no policy has one that was accepted, and an answer that should have been
 * masked must not pass.
 */
export function answerMaskingOf(
  policies: readonly { spec: Pick<AccessPolicySpec, 'masking'> }[],
  info: MaskedRequest,
): AnswerMasking | undefined {
  if (!info.isResourceRequest || isTunnel(info)) return undefined;
  const assumed = assumedOf(info);
  // A log is text, and has none.
  const fields = info.subresource === 'log' ? [] : pathsAbout(policies, info).map(pathOf);
  const detectors = detectorsFor(policies, info, assumed !== undefined);
  if (assumed === undefined && detectors === 'none' && fields.length === 0) return undefined;
  return { detectors, fields, ...(assumed === undefined ? {} : { assumed }) };
}

/**
 * The places that any of these policies names in objects of a resource: what a record of it must not show, whoever it was that wrote or
 * read it. A path that does not parse is passed over: its policy is in force nowhere.
 */
export function fieldsAbout(
  policies: readonly { spec: Pick<AccessPolicySpec, 'masking'> }[],
  about: Pick<MaskedRequest, 'apiGroup' | 'resource'>,
): readonly FieldPath[] {
  return pathsAbout(policies, about).flatMap((text) => {
    const parsed = parseFieldPath(text);
    return 'problem' in parsed ? [] : [parsed.path];
  });
}

/** The answer to a write of a subresource is the whole object, so a resource's fields are its subresources' too. */
function pathsAbout(
  policies: readonly { spec: Pick<AccessPolicySpec, 'masking'> }[],
  about: Pick<MaskedRequest, 'apiGroup' | 'resource'>,
): string[] {
  return policies.flatMap(({ spec }) =>
    (spec.masking?.fields ?? []).filter((each) => isAbout(each, about, '')).flatMap((each) => each.paths),
  );
}

function detectorsFor(
  policies: readonly { spec: Pick<AccessPolicySpec, 'masking'> }[],
  info: MaskedRequest,
  isSecret: boolean,
): AnswerMasking['detectors'] {
  if (isQuiet(info)) return 'none';
  const spared = ({ spec: { masking = {} } }: { spec: Pick<AccessPolicySpec, 'masking'> }): boolean =>
    masking.detectors === 'Disabled' || (masking.except ?? []).some((each) => isAbout(each, info, info.subresource));
  if (policies.length === 0 || !policies.every(spared)) return 'all';
  // Where Helm keeps releases, whatever a policy says of detectors: every manifest's secrets are in there.
  return isSecret || isConfigMap(info) ? 'packed' : 'none';
}

function isAbout(
  rule: MaskedResources,
  info: Pick<MaskedRequest, 'apiGroup' | 'resource'>,
  subresource: string,
): boolean {
  const groups = rule.apiGroups ?? ['*'];
  return (
    (groups.includes('*') || groups.includes(info.apiGroup)) &&
    rule.resources.some((pattern) => matchesResource(pattern, info.resource, subresource))
  );
}

/** What is secret by its place, in answers to this request. */
function assumedOf(info: MaskedRequest): Assumed | undefined {
  if (info.apiGroup !== '') return undefined;
  const where = { namespace: info.namespace, ...(info.name === '' ? {} : { name: info.name }) };
  if (info.resource === 'secrets') return { kind: 'Secret', ...where };
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return { kind: 'TokenRequest', ...where };
  return undefined;
}

function isConfigMap({ apiGroup, resource }: MaskedRequest): boolean {
  return apiGroup === '' && resource === 'configmaps';
}

/** What comes back is somebody else's, and a rule named it: see the read rules. */
function isTunnel({ verb, subresource }: MaskedRequest): boolean {
  return verb === 'proxy' || subresource === 'proxy';
}

function pathOf(text: string): FieldPath {
  const parsed = parseFieldPath(text);
  if ('problem' in parsed) throw new RangeError(`a policy's masking path does not parse: ${parsed.problem}`);
  return parsed.path;
}
