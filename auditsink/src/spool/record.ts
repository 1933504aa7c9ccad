import { crc32 } from 'node:zlib';

/** A record's head: length and CRC-32 of what follows, both big-endian. */
export const headBytes = 8;

/** A record longer than this is not one: a length read from the middle of something else. */
export const maxRecordBytes = 512 * 1024 * 1024;

/** One record as it lies in a segment. */
export function frameRecord(payload: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(payload.length, 0);
  head.writeUInt32BE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

/** What stands at an offset of a segment. */
export type RecordRead =
  | { type: 'Record'; payload: Buffer; end: number }
  /** Nothing more: the segment ends here. */
  | { type: 'End' }
  /** The bytes from here on are no whole record: torn by a crash, or damaged. */
  | { type: 'Broken'; reason: string };

/** Reads the record at `offset` of a whole segment. Pure. */
export function readRecord(segment: Buffer, offset: number): RecordRead {
  if (offset === segment.length) return { type: 'End' };
  if (offset + headBytes > segment.length) return { type: 'Broken', reason: 'its head is cut off' };
  const length = segment.readUInt32BE(offset);
  // Zeros are what a file system leaves where a crash came between a length and its data; their checksum would be right.
  if (length === 0) return { type: 'Broken', reason: 'it is empty' };
  if (length > maxRecordBytes) return { type: 'Broken', reason: 'its length is impossible' };
  const start = offset + headBytes;
  const end = start + length;
  if (end > segment.length) return { type: 'Broken', reason: 'it is cut off' };
  const payload = segment.subarray(start, end);
  if (crc32(payload) !== segment.readUInt32BE(offset + 4)) return { type: 'Broken', reason: 'its checksum is wrong' };
  return { type: 'Record', payload, end };
}
