import type { IncomingMessage } from 'node:http';
import { isWatch, type AnswerMasking, type Mask, type RequestInfo } from '@holdpoint/core';
import { unreadable, type AnswerMasker } from './answer-masker.ts';
import { createDocumentMasker } from './masked-document.ts';
import { createLogMasker } from './masked-log.ts';
import { createSafeTextMasker } from './masked-text.ts';
import { createWatchMasker } from './masked-watch.ts';
import { createYamlMasker } from './masked-yaml.ts';
import type { IncludeObject } from './table-objects.ts';

/** What is to become of one answer. */
export interface MaskedAnswer {
  info: RequestInfo;
  mask: Mask;
  how: AnswerMasking;
  answerAs: 'json' | 'yaml';
  include: IncludeObject;
}

/**
 * The masker for an answer, by what the API server says it is: a watch, an object or list, a text. Throws
 * ERR_MASK_UNREADABLE when it is neither JSON nor a text that may be one: what cannot be read is not passed on.
 */
export function maskerOf(
  answer: Pick<IncomingMessage, 'headers' | 'statusCode'>,
  { info, mask, how, answerAs, include }: MaskedAnswer,
): AnswerMasker {
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw unreadable(`the API server answered in ${encoding}, unasked`);
  const type = answer.headers['content-type'] ?? '';
  const code = answer.statusCode ?? 502;
  if (/^text\/plain\s*(?:;|$)/i.test(type)) {
    // Of what is secret by its place, no detector could tell a value in a text.
    return how.assumed === undefined && how.detectors === 'all' ? createLogMasker(mask) : createSafeTextMasker(code);
  }
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw unreadable('the API server did not answer in JSON');
  if (isLineStream(code, info)) return createWatchMasker(mask, how, include);
  const masker = createDocumentMasker(mask, how, include);
  return answerAs === 'yaml' ? createYamlMasker(masker) : masker;
}

/** True when the answer is one that goes on and on, and whose first bytes may be an hour away. */
export function isOpenEnded(code: number, info: RequestInfo): boolean {
  return isLineStream(code, info) || (code === 200 && isLog(info));
}

/** True for what is answered in plain text, whatever was asked for. */
export function isLog({ apiGroup, resource, subresource }: RequestInfo): boolean {
  return apiGroup === '' && resource === 'pods' && subresource === 'log';
}

function isLineStream(code: number, info: RequestInfo): boolean {
  return code === 200 && isWatch(info);
}
