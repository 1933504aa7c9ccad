import { columnsOf, isJsonObject, maskWatchEvent, type AnswerMasking, type Mask } from '@holdpoint/core';
import { unreadable, type AnswerMasker } from './answer-masker.ts';
import { changeJson } from './json-text.ts';
import { withIncluded, type IncludeObject } from './table-objects.ts';

/** One watch event holds one object: 1.5 MiB in etcd, doubled by base64 and annotations. */
const maxEventBytes = 16 * 1_048_576;
const newline = 0x0a;
const lineEnd = Buffer.from('\n');

/** Masks a watch event by event: whatever is complete in a chunk goes on with it. */
export function createWatchMasker(mask: Mask, how: AnswerMasking, include: IncludeObject = 'asAsked'): AnswerMasker {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let columns: readonly string[] = [];

  const maskLine = (line: Buffer): Buffer =>
    changeJson(line, (event) => {
      const table = isJsonObject(event) && isJsonObject(event.object) ? event.object : {};
      columns = columnsOf(table) ?? columns;
      const masked = maskWatchEvent(event, mask, how, columns);
      if (!isJsonObject(masked) || masked.object === undefined || include === 'asAsked') return masked;
      return Array.isArray(table.rows) ? { ...masked, object: withIncluded(masked.object, include) } : masked;
    });
  const take = (rest: Buffer): Buffer => {
    const line = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
    pending = [];
    pendingBytes = 0;
    return line;
  };

  return {
    held: () => pendingBytes,
    push(chunk) {
      const events: Buffer[] = [];
      let from = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
        const line = take(chunk.subarray(from, end));
        from = end + 1;
        if (!isBlank(line)) events.push(maskLine(line), lineEnd);
      }
      if (from < chunk.length) pending.push(chunk.subarray(from));
      pendingBytes += chunk.length - from;
      if (pendingBytes > maxEventBytes) throw unreadable(`a watch event is larger than ${String(maxEventBytes)} bytes`);
      return Buffer.concat(events);
    },
    end() {
      const line = take(Buffer.alloc(0));
      return isBlank(line) ? Buffer.alloc(0) : maskLine(line);
    },
  };
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte <= 0x20);
}
