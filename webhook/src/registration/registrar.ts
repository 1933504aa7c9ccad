import { hash } from 'node:crypto';
import { canonicalJson, type Condition, type JsonValue, type PolicySet, type PolicyState } from '@holdpoint/core';
import { isOutdated, kinds, type KubeClient, type Logger, type ResourceKind } from '@holdpoint/platform';
import type { PolicyMetricState } from '../metrics.ts';
import { reportCondition } from '../policies/report-condition.ts';
import {
  mutatingConfiguration,
  validatingConfiguration,
  type ClientConfig,
  type WebhookConfiguration,
} from './configurations.ts';
import { uncovered } from './coverage.ts';

export interface RegistrarParts {
  kube: KubeClient;
  policies: PolicySet;
  client: ClientConfig;
  ownUsername: string;
  /** See core's hasOwnCredential. */
  credentialExtra: string;
  /** True while this replica has never been able to read every policy: then it corrects nobody's report. */
  isBlocked: () => boolean;
  /** Told that somebody else had changed a registration, which has been mended. */
  onMended: (registration: WebhookConfiguration) => void;
  logger: Logger;
  now: () => number;
}

/** The digest of what we last wrote: whoever changes the webhooks and not this was not one of us. */
const digestAnnotation = 'holdpoint.dev/webhooks-digest';

/**
 * Makes the API server's registration say what the policies say, reads back what it has, and tells in each policy's status
 * whether it is enforced: by what was read, not by what was written. Safe to run at any time and on every replica: it
 * writes only what differs.
 *
 * @returns how it stands with each policy
 */
export async function reconcileRegistration(parts: RegistrarParts): Promise<PolicyMetricState[]> {
  const { kube, policies, client, ownUsername, credentialExtra } = parts;
  const states = policies.states();
  // What is in force may be an older version's subjects: those stay governed until the new version is good.
  const subjects = states.flatMap(subjectsOf);
  const input = { client, subjects, ownUsername, credentialExtra };
  await ensure(parts, kinds.mutatingWebhookConfigurations, mutatingConfiguration(input));
  const wanted = validatingConfiguration(input);
  await ensure(parts, kinds.validatingWebhookConfigurations, wanted);
  const actual = await kube.get<WebhookConfiguration>(
    kinds.validatingWebhookConfigurations,
    wanted.metadata.name ?? '',
  );
  const result: PolicyMetricState[] = [];
  for (const state of states) {
    const missing = uncovered(actual, wanted, subjectsOf(state));
    await reportEnforced(parts, state, missing);
    result.push(state.problems.length > 0 ? 'invalid' : missing.length > 0 ? 'not_registered' : 'enforced');
  }
  return result;
}

function subjectsOf({ source, inForce }: PolicyState) {
  return [...source.spec.subjects, ...inForce.spec.subjects];
}

async function ensure(
  { kube, logger, onMended }: RegistrarParts,
  kind: ResourceKind,
  wanted: WebhookConfiguration,
): Promise<void> {
  const digest = digestOf(wanted);
  const current = await kube.get<WebhookConfiguration>(kind, wanted.metadata.name ?? '');
  if (current === undefined) {
    const metadata = { ...wanted.metadata, annotations: { [digestAnnotation]: digest } };
    await orLater(() => kube.create(kind, { ...wanted, metadata }));
    logger.info({ kind: wanted.kind }, 'registration created');
    return;
  }
  const said = current.metadata.annotations?.[digestAnnotation];
  if (said === digest && digestOf(current) === digest) return;
  const metadata = {
    ...current.metadata,
    annotations: { ...current.metadata.annotations, [digestAnnotation]: digest },
  };
  const done = await orLater(() => kube.replace(kind, { ...current, metadata, webhooks: wanted.webhooks }));
  if (!done) return;
  if (said !== undefined && said !== digestOf(current)) {
    logger.warn({ kind: wanted.kind }, 'registration mended: somebody else had changed it');
    onMended(current);
  } else {
    logger.info({ kind: wanted.kind }, 'registration updated');
  }
}

function digestOf({ webhooks }: WebhookConfiguration): string {
  return hash('sha256', canonicalJson(webhooks as unknown as JsonValue));
}

async function reportEnforced(
  { kube, now, logger, isBlocked }: RegistrarParts,
  { source, problems }: PolicyState,
  missing: readonly string[],
): Promise<void> {
  const condition = enforcedCondition(
    problems.map(({ path, message }) => `${path}: ${message}`),
    missing,
  );
  // An older replica may read well what this one cannot. Two that corrected each other would never end.
  if (source.status?.observedGeneration === source.metadata.generation && isBlocked()) return;
  const done = await reportCondition(kube, source, condition, now());
  if (done) logger.info({ policy: source.metadata.name, enforced: condition.status }, 'policy status reported');
}

function enforcedCondition(
  problems: readonly string[],
  missing: readonly string[],
): Pick<Condition, 'type' | 'status' | 'reason' | 'message'> {
  const not = (reason: string, why: readonly string[]) =>
    ({ type: 'Enforced', status: 'False', reason, message: why.join('; ').slice(0, 1_000) }) as const;
  if (problems.length > 0) return not('PolicyInvalid', problems);
  if (missing.length > 0) return not('NotRegistered', missing);
  return { type: 'Enforced', status: 'True', reason: 'Registered', message: 'the API server asks about every write' };
}

/** False when another replica was first, or the policy is gone: the next round sees what it did. */
async function orLater(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!isOutdated(error)) throw error;
    return false;
  }
}
