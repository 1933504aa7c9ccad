import { hash } from 'node:crypto';
import { createMask, withMaskedItems, withReleases, type AnswerMasking, type Mask } from '@holdpoint/core';
import { createTextHmac, releaseCodec } from '@holdpoint/platform';
import { createDocumentMasker } from '@holdpoint/proxy';
import { secretList, type ListKind } from './secret-lists.ts';

/** CPU milliseconds a list, of the whole process, its garbage collector's threads included. */
export interface MaskingResult {
  name: string;
  listBytes: number;
  /** Of a list of which nothing is remembered. */
  firstCpuMs: number;
  /** Of one that was masked before. */
  againCpuMs: number;
}

/** As an answer comes: a record of TLS at a time. */
const chunkBytes = 16_384;
/** Different in their values; their bytes are made beforehand. */
const distinctLists = 4;
/** Until V8 compiles nothing more. */
const warmUpShare = 0.4;
const how: AnswerMasking = { assumed: { kind: 'Secret', namespace: 'shop' }, detectors: 'all', fields: [] };
const hmac = createTextHmac(Buffer.alloc(32, 'bench'));

/** Measures what masking one kind of list computes, from bytes to bytes, without a network. Throws when a value gets out. */
export function measureMasking(kind: ListKind, seconds: number): MaskingResult {
  const lists = Array.from({ length: distinctLists }, () => secretList(kind));
  const first = lists[0] ?? Buffer.of();
  const remembering = newMask();
  const maskFirst = (i: number): number => maskList(newMask(), lists[i % distinctLists] ?? first);
  const maskAgain = (): number => maskList(remembering, first);
  const measured = (maskOne: (i: number) => number): number => {
    cpuMsOf(maskOne, seconds * warmUpShare);
    return cpuMsOf(maskOne, seconds);
  };
  return {
    ...{ name: kind.name, listBytes: first.length },
    ...{ firstCpuMs: measured(maskFirst), againCpuMs: measured(maskAgain) },
  };
}

function cpuMsOf(maskOne: (i: number) => number, seconds: number): number {
  const before = process.cpuUsage();
  const until = performance.now() + seconds * 1_000;
  let i = 0;
  for (; performance.now() < until; i += 1) {
    // Looked at, so that nothing of it can be optimised away.
    if (maskOne(i) === 0) throw new Error('a list was masked to nothing');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / i;
}

/** As the proxy's main makes it. */
function newMask(): Mask {
  const sha256 = (data: string | Uint8Array): string => hash('sha256', data, 'binary');
  return withMaskedItems(withReleases(createMask(hmac), releaseCodec), sha256, 32 * 1_048_576);
}

function maskList(mask: Mask, list: Buffer): number {
  const masker = createDocumentMasker(mask, how);
  let bytes = 0;
  for (let at = 0; at < list.length; at += chunkBytes) bytes += masker.push(list.subarray(at, at + chunkBytes)).length;
  return bytes + masker.end().length;
}
