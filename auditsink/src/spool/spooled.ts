import type { AuditRow, RecordingRow } from '@holdpoint/core';

/** What one record of the spool carries: the masked rows of one POST. */
export type Spooled = { table: 'audit_events'; rows: AuditRow[] } | { table: 'recordings'; rows: RecordingRow[] };
