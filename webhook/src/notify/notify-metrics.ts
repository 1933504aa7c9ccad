/** Why an attempt failed: few and known values. */
export type FailureReason = 'Status' | 'Redirect' | 'Timeout' | 'Connection' | 'Credentials' | 'UnknownReceiver';

/** What the notifier counts. A receiver's name is a label of few values: those in the receivers file, and `unknown`. */
export interface NotifyMetrics {
  delivered(receiver: string): void;
  failed(receiver: string, reason: FailureReason): void;
  givenUp(receiver: string): void;
  /** What is still to be told, now. */
  pending(count: number): void;
}
