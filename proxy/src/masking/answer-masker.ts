import { HoldpointError } from '@holdpoint/core';

/**
 * Masks one answer as its bytes come. What `push` and `end` give, one after the other, is the masked answer, and the same
 * bytes wherever the chunks were split. Both throw ERR_MASK_UNREADABLE for what cannot be read: it is not passed on.
 */
export interface AnswerMasker {
  /** What can be told of the answer by now. Never more is held back than one object, or one line. */
  push(chunk: Buffer): Buffer;
  end(): Buffer;
  /** Bytes that are held back now. */
  held(): number;
}

/** Says what of an answer could not be read, without quoting it. */
export function unreadable(problem: string): HoldpointError {
  return new HoldpointError('ERR_MASK_UNREADABLE', `${problem}, so it cannot be masked and is not passed on`);
}
