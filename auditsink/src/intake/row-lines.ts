import { createHash } from 'node:crypto';
import {
  parseAuditItem,
  toOversizeRow,
  toRow,
  toRowLine,
  toStoreTime,
  type AuditItem,
  type AuditRow,
  type AuditSource,
  type FieldPath,
  type Mask,
  type ObjectReference,
  type RowOptions,
  type UserInfo,
} from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { sha256 } from '../sha256.ts';
import type { AuditIdMemory } from './audit-id-memory.ts';
import type { IntakeObserver, StubReason } from './observer.ts';
import type { ScannedItem } from './scanned-item.ts';

/** Makes the line that an item is kept as. Total: whatever the item is, it has one. */
export type ToRowLine = (item: ScannedItem, source: AuditSource) => string;

/**
 * Adds to a row what is known of policies today.
 *
 * @param authenticated who authenticated; undefined where the event could not be read
 */
export type MarkRow = (row: AuditRow, authenticated: UserInfo | undefined) => AuditRow;

/** The places that policies name, today, in objects of a resource. */
export type FieldsAbout = (about: ObjectReference) => readonly FieldPath[];

export interface RowLineParts {
  mask: Mask;
  fieldsAbout: FieldsAbout;
  /** The account that the proxy impersonates through. */
  proxyUsername: string;
  now: () => number;
  mark: MarkRow;
  auditIds: AuditIdMemory;
  observer: IntakeObserver;
  logger: Logger;
}

/** An event's two bodies together: objects of 3 MiB at most, the old and the new. In UTF-16 units. */
const maxBodyLength = 8 * 1024 * 1024;
/** As much of a client's own word as a log line needs. */
const maxLoggedLength = 100;

export function createRowLines({
  mask,
  fieldsAbout,
  proxyUsername,
  now,
  mark,
  auditIds,
  observer,
  logger,
}: RowLineParts): ToRowLine {
  const optionsOf = (source: AuditSource): RowOptions => ({
    ...{ mask, fieldsAbout, sha256, source, proxyUsername, maxBodyLength },
    // Asked for only by what tells no time of its own.
    get now() {
      return toStoreTime(new Date(now()).toISOString()) ?? '';
    },
  });
  const optionsBySource = { apiserver: optionsOf('apiserver'), file: optionsOf('file'), proxy: optionsOf('proxy') };
  return (item, source) => {
    const options = optionsBySource[source];
    const { row, authenticated } =
      item.type === 'Whole'
        ? rowOf(parse(item.bytes), options)
        : { row: toOversizeRow(item, options), authenticated: undefined };
    if (row.broken !== '') observer.stubbed(stubReasonOf(row));
    if (auditIds.isCollision(row)) {
      observer.auditIdCollision();
      const { audit_id, stage, username } = row;
      const short = (text: string): string => text.slice(0, maxLoggedLength);
      const shown = { auditId: short(audit_id), stage: short(stage), username: short(username) };
      logger.warn(shown, 'one audit id with two contents');
    }
    return toRowLine(mark(row, authenticated));
  };
}

function rowOf(item: AuditItem, options: RowOptions): { row: AuditRow; authenticated: UserInfo | undefined } {
  return { row: toRow(item, options), authenticated: item.type === 'Event' ? item.event.user : undefined };
}

function parse(bytes: Buffer): AuditItem {
  const contentHash = (): string => createHash('sha256').update(bytes).digest('hex');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Not in the words of JSON.parse: it quotes the text, and there may be a secret in that.
    return { type: 'Broken', reason: 'it is not JSON', fields: {}, contentHash };
  }
  return parseAuditItem(value, contentHash);
}

function stubReasonOf({ broken }: AuditRow): StubReason {
  if (broken.startsWith('oversize')) return 'oversize';
  return broken.startsWith('unknown fields') ? 'unknown-fields' : 'malformed';
}
