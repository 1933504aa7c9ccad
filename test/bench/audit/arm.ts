/** One of what is compared: a process that takes EventLists and makes them something to ask for. */
export interface AuditArm {
  readonly name: ArmName;
  readonly pid: number;
  readonly url: string;
  readonly caFile: string;
  readonly token: string;
  /** Whether this event can be found by a query. */
  has(auditId: string): Promise<boolean>;
  /** Ends it; resolves with the bytes that its store takes on disk, merged parts that wait for their removal left out. */
  close(): Promise<{ storedBytes: number; rows: number }>;
}

/** `plain` inserts each POST into chDB before it answers: no spool, no masks, no chain. */
export type ArmName = 'holdpoint' | 'plain';
