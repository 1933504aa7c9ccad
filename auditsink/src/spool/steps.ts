import { channel } from 'node:diagnostics_channel';

/** Moments between which a crash would leave something half done. */
export type Step =
  /** A group of records is written, and not yet on disk. */
  | 'appended'
  /** It is on disk, and not yet acknowledged. */
  | 'synced'
  /** A plan is on disk, and nothing of it is stored. */
  | 'planned'
  /** The store has the rows, and the position does not say so. */
  | 'inserted'
  /** The position is written. */
  | 'positioned'
  /** A checkpoint is signed, and not stored. */
  | 'checkpointing'
  /** It is stored. */
  | 'checkpointed';

/** The diagnostics channel on which each step is told, to nobody but a test that was loaded before us. */
export const stepChannel = 'holdpoint.auditsink.step';

const steps = channel(stepChannel);

/** Tells whoever listens that this step was reached. They may end the process here: that is what it is for. */
export function reached(step: Step): void {
  if (steps.hasSubscribers) steps.publish(step);
}
