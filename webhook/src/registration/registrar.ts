import { canonicalJson, type AccessPolicy, type Condition, type JsonValue } from '@holdpoint/core';
import { KubeApiError, kinds, type KubeClient, type Logger, type ResourceKind } from '@holdpoint/platform';
import type { PolicySet, PolicyState } from '../policies/policy-set.ts';
import {
  mutatingConfiguration,
  validatingConfiguration,
  type ClientConfig,
  type WebhookConfiguration,
} from './configurations.ts';

export interface RegistrarParts {
  kube: KubeClient;
  policies: PolicySet;
  client: ClientConfig;
  ownUsername: string;
  credentialExtra: string;
  logger: Logger;
  now: () => number;
}

/**
 * Makes the API server's registration say what the policies say, then tells in each policy's status whether it is
 * enforced. Safe to run at any time and on every replica: it writes only what differs.
 */
export async function reconcileRegistration(parts: RegistrarParts): Promise<void> {
  const { kube, policies, client, ownUsername, credentialExtra, logger } = parts;
  const states = policies.states();
  // What is in force may be an older version's subjects: those stay governed until the new version is good.
  const subjects = states.flatMap(({ source, inForce }) => [...source.spec.subjects, ...inForce.spec.subjects]);
  const input = { client, subjects, ownUsername, credentialExtra };
  await ensure(kube, kinds.mutatingWebhookConfigurations, mutatingConfiguration(input), logger);
  await ensure(kube, kinds.validatingWebhookConfigurations, validatingConfiguration(input), logger);
  for (const state of states) await reportEnforced(parts, state);
}

async function ensure(
  kube: KubeClient,
  kind: ResourceKind,
  wanted: WebhookConfiguration,
  logger: Logger,
): Promise<void> {
  const current = await kube.get<WebhookConfiguration>(kind, wanted.metadata.name ?? '');
  if (current === undefined) {
    await orLater(() => kube.create(kind, wanted));
    logger.info({ kind: wanted.kind }, 'registration created');
  } else if (canonicalJson(asJson(current.webhooks)) !== canonicalJson(asJson(wanted.webhooks))) {
    await orLater(() => kube.replace(kind, { ...current, webhooks: wanted.webhooks }));
    logger.info({ kind: wanted.kind }, 'registration updated');
  }
}

async function reportEnforced({ kube, now, logger }: RegistrarParts, state: PolicyState): Promise<void> {
  const { source, problems } = state;
  const generation = source.metadata.generation ?? 0;
  const condition = enforcedCondition(problems.map(({ path, message }) => `${path}: ${message}`));
  const current = source.status?.conditions?.find((each) => each.type === 'Enforced');
  if (
    source.status?.observedGeneration === generation &&
    current?.status === condition.status &&
    current.message === condition.message
  ) {
    return;
  }
  const stamped: Condition = {
    ...condition,
    observedGeneration: generation,
    lastTransitionTime:
      current?.status === condition.status ? current.lastTransitionTime : new Date(now()).toISOString(),
  };
  const status = { observedGeneration: generation, conditions: [stamped] };
  await orLater(() => kube.replaceStatus<AccessPolicy>(kinds.accessPolicies, { ...source, status }));
  logger.info({ policy: source.metadata.name, enforced: condition.status }, 'policy status reported');
}

function enforcedCondition(problems: readonly string[]): Pick<Condition, 'type' | 'status' | 'reason' | 'message'> {
  return problems.length === 0
    ? { type: 'Enforced', status: 'True', reason: 'Registered', message: 'the API server asks about every write' }
    : { type: 'Enforced', status: 'False', reason: 'PolicyInvalid', message: problems.join('; ').slice(0, 1_000) };
}

/** Another replica was first, or the policy is gone: the next round sees what it did. */
async function orLater(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof KubeApiError) || (error.code !== 409 && error.code !== 404)) throw error;
  }
}

function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}
