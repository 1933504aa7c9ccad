import type { AuditSource } from '@holdpoint/core';

/** Why an event was not kept whole. */
export type StubReason = 'malformed' | 'oversize' | 'unknown-fields';

/** What a POST was about. */
export type IntakePath = '/audit' | '/transcripts' | '/recordings';

/** One POST, when it was answered. */
export interface AnsweredPost {
  path: IntakePath;
  /** The status it was answered with; 0 when its sender had gone. */
  code: number;
  /** Of the body, uncompressed, as far as it was read. */
  bytes: number;
  /** From its headers to its answer, which after 200 means: to its acknowledgement. */
  seconds: number;
}

/** Told of what the intake does, to count it. None of its calls may throw. */
export interface IntakeObserver {
  /** A batch of events is on disk. */
  eventsTaken(source: AuditSource, count: number): void;
  stubbed(reason: StubReason): void;
  /** Two contents under one audit id and stage. */
  auditIdCollision(): void;
  postAnswered(post: AnsweredPost): void;
  /** A POST was refused because too many were under way. */
  refusedAsBusy(): void;
}

export const unobserved: IntakeObserver = {
  eventsTaken: () => undefined,
  stubbed: () => undefined,
  auditIdCollision: () => undefined,
  postAnswered: () => undefined,
  refusedAsBusy: () => undefined,
};
