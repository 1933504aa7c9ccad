import { setTimeout as sleep } from 'node:timers/promises';
import {
  fieldsAbout,
  markRow,
  type AccessPolicy,
  type AuditRow,
  type FieldPath,
  type ObjectReference,
  type UserInfo,
} from '@holdpoint/core';
import type { Logger, ObjectCache } from '@holdpoint/platform';

/** Knows, as far as the cluster lets it, who is governed, and which fields are secret. */
export interface Governed {
  /**
   * Fills in `governed` and `bypass`. Never throws and never waits: an event is taken whatever is known of policies. While
   * nothing is, nobody counts as governed.
   *
   * @param authenticated of the event; undefined where it could not be read
   */
  mark(row: AuditRow, authenticated: UserInfo | undefined): AuditRow;
  /** The places that any policy names in objects of a resource. Never waits: while policies are not readable, there are none. */
  fieldsAbout(about: ObjectReference): readonly FieldPath[];
}

export interface GovernedParts {
  /** Resolves with the policies once they could be read for the first time; undefined where there is nobody to ask. */
  openPolicies: ((onError: (error: unknown) => void) => Promise<Pick<ObjectCache<AccessPolicy>, 'list'>>) | undefined;
  expectProxy: boolean;
  logger: Logger;
  /** Told once that policies are not readable, and once that they are. */
  onReadable?: (isReadable: boolean) => void;
  /** How long the first events are made to wait. @default 2000 */
  patienceMs?: number;
}

/**
 * A list of policies takes milliseconds. Whoever starts the sink anew while it takes events must not get a moment in which
 * nobody is governed; but an API server that is down must not keep its own events out either.
 */
const defaultPatienceMs = 2_000;

/** Follows the policies. Resolves when they are known, or patience is over; then they are waited for behind the events. */
export async function createGoverned(parts: GovernedParts): Promise<Governed> {
  const { openPolicies, expectProxy, logger, onReadable = () => undefined } = parts;
  let policies: Pick<ObjectCache<AccessPolicy>, 'list'> | undefined;
  let isReadable: boolean | undefined;
  const tell = (readable: boolean, error?: unknown): void => {
    if (readable === isReadable) return;
    isReadable = readable;
    onReadable(readable);
    if (readable) logger.info({}, 'policies readable');
    else logger.warn({ err: error }, 'policies not readable: nobody is known to be governed');
  };

  if (openPolicies === undefined) {
    tell(false, 'no kubeconfig, and no service account of a pod');
  } else {
    const broke = (error: unknown): void => {
      // Afterwards the last copy stands for them.
      if (policies === undefined) tell(false, error);
      else logger.warn({ err: error, resource: 'accesspolicies' }, 'watch broke');
    };
    const opened = openPolicies(broke).then((cache) => {
      policies = cache;
      tell(true);
    });
    await Promise.race([opened, sleep(parts.patienceMs ?? defaultPatienceMs, undefined, { ref: false })]);
  }
  return {
    fieldsAbout: (about) => fieldsAbout(policies?.list() ?? [], about),
    mark(row, authenticated) {
      try {
        return markRow(row, { policies: policies?.list() ?? [], authenticated, expectProxy });
      } catch (error) {
        // A policy of another shape than the CRD lets in. The event is worth more than what we think of it.
        tell(false, error);
        return row;
      }
    },
  };
}
