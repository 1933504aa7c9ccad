import { unreadable, type AnswerMasker } from './answer-masker.ts';

/** What the API server's filters say in plain text, before anything is read that could be a value. */
const safeTexts: readonly RegExp[] = [
  /^404 page not found\s*$/,
  /^Too many requests, please try again later\.\s*$/,
  /^(?:Internal Server Error|Service Unavailable|Unauthorized|Forbidden)\s*$/,
];
const longestSafeText = 128;

/** Passes on refusals in plain text that are known to quote nothing, and nothing else. */
export function createSafeTextMasker(code: number): AnswerMasker {
  let text = Buffer.alloc(0);
  return {
    held: () => text.length,
    push(chunk) {
      text = Buffer.concat([text, chunk]);
      if (text.length > longestSafeText) throw unreadable('the API server answered in plain text');
      return Buffer.alloc(0);
    },
    end() {
      const isSafe = code >= 400 && safeTexts.some((safe) => safe.test(text.toString('latin1')));
      if (!isSafe && text.length > 0) throw unreadable('the API server answered in plain text');
      return text;
    },
  };
}
