import type { IncomingMessage } from 'node:http';
import { HoldpointError, maskObject, type Assumed, type JsonValue, type Mask } from '@holdpoint/core';
import { readBody } from '@holdpoint/platform';

/** The API server lists at most what etcd and its own memory bear; past this we would be the one to fall over. */
const maxAnswerBytes = 512 * 1_048_576;
/** One watch event holds one object: 1.5 MiB in etcd, doubled by base64 and annotations. */
const maxLineBytes = 16 * 1_048_576;

/**
 * The whole answer, masked. Throws ERR_MASK_UNREADABLE when it is not JSON: what cannot be read is not passed on.
 *
 * @param body the answer's bytes, when they are read already
 */
export async function maskAnswer(answer: IncomingMessage, mask: Mask, as: Assumed, body?: Buffer): Promise<Buffer> {
  const bytes = body ?? (await readBody(answer, maxAnswerBytes));
  if (bytes.length === 0) return bytes;
  assertJson(answer);
  return Buffer.from(JSON.stringify(maskObject(parse(bytes.toString('utf8')), mask, as)));
}

/** A watch's events, masked one by one as they come. Throws ERR_MASK_UNREADABLE at once when the answer is not JSON. */
export function maskLines(answer: IncomingMessage, mask: Mask, as: Assumed): AsyncGenerator<Buffer> {
  assertJson(answer);
  return maskedLines(answer, mask, as);
}

async function* maskedLines(answer: IncomingMessage, mask: Mask, as: Assumed): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]).toString('utf8');
      pending = [];
      size = 0;
      from = end + 1;
      if (line.trim() !== '') yield Buffer.from(`${JSON.stringify(maskObject(parse(line), mask, as))}\n`);
    }
    if (from === chunk.length) continue;
    pending.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxLineBytes) throw unreadable(`a watch event is larger than ${String(maxLineBytes)} bytes`);
  }
  const rest = Buffer.concat(pending).toString('utf8');
  if (rest.trim() !== '') yield Buffer.from(JSON.stringify(maskObject(parse(rest), mask, as)));
}

function assertJson(answer: IncomingMessage): void {
  const type = answer.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw unreadable('the API server did not answer in JSON');
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw unreadable(`the API server answered in ${encoding}, unasked`);
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own message quotes the text.
    throw unreadable('the answer is not JSON');
  }
}

function unreadable(problem: string): HoldpointError {
  return new HoldpointError('ERR_MASK_UNREADABLE', `${problem}, so it cannot be masked and is not passed on`);
}
