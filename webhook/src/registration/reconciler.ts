import type { PolicyMetricState, WebhookMetrics } from '../metrics.ts';
import { reconcileRegistration, type RegistrarParts } from './registrar.ts';
import type { ClientConfig } from './configurations.ts';

export interface ReconcilerParts extends Omit<RegistrarParts, 'client'> {
  /** Read anew in each round, so that the registration follows a bundle that is renewed. */
  readClient: () => ClientConfig;
  metrics: Pick<WebhookMetrics, 'registrationReconciled'>;
}

/** Keeps the registration true, round after round. */
export interface Reconciler {
  /** Resolves when a round that began after the call has ended. Never rejects: the next round tries again. */
  reconcile(): Promise<void>;
  /** True once a round has succeeded. */
  isRegistered(): boolean;
  /** How it stood with each policy after the last round that succeeded. */
  policyStates(): readonly PolicyMetricState[];
}

/** One round after the other, and for all that is asked for during one, one more: two at once would race for the same objects. */
export function createReconciler({ readClient, metrics, ...parts }: ReconcilerParts): Reconciler {
  let registered = false;
  let states: readonly PolicyMetricState[] = [];
  let running: Promise<void> | undefined;
  let again = false;

  const round = async (): Promise<void> => {
    try {
      states = await reconcileRegistration({ ...parts, client: readClient() });
      registered = true;
      metrics.registrationReconciled('ok');
    } catch (error) {
      metrics.registrationReconciled('failed');
      parts.logger.error({ err: error }, 'registration not reconciled');
    }
  };
  const rounds = async (): Promise<void> => {
    while (again) {
      again = false;
      await round();
    }
    running = undefined;
  };
  return {
    reconcile() {
      again = true;
      return (running ??= rounds());
    },
    isRegistered: () => registered,
    policyStates: () => states,
  };
}
