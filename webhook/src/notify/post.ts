import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { FailureReason } from './notify-metrics.ts';

export interface PostRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  timeoutMs: number;
  /** PEM, instead of the system's authorities. */
  ca?: string;
}

export type PostResult =
  | { ok: true }
  /** `problem` is shown on the hold: it never has the URL, or what the receiver answered beyond its status code. */
  | { ok: false; reason: FailureReason; problem: string; retryAfterMs?: number };

/** Sends one request and never rejects; `signal` gives it up. */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<PostResult>;

/** Nobody reads the answer; this much is taken in so that the receiver can finish writing it. */
const maxAnswerBytes = 4_096;

/**
 * A POST by Node's own client: a connection for each, no proxy, and no redirect followed, for what an admin wrote down is where
 * it may go.
 */
export const post: Post = ({ url, headers, body, timeoutMs, ca }, signal) =>
  new Promise((resolve) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const sent = (url.startsWith('https:') ? requestHttps : requestHttp)(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        agent: false,
        signal: AbortSignal.any([signal, timeout]),
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        resolve(resultOf(answer.statusCode ?? 0, answer.headers['retry-after']));
        let bytes = 0;
        answer.on('error', () => undefined); // The status has been read: how the rest ends changes nothing.
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) answer.destroy();
        });
      },
    );
    sent.on('error', (error: Error & { code?: string }) => {
      resolve(
        timeout.aborted
          ? { ok: false, reason: 'Timeout', problem: `no answer within ${String(timeoutMs / 1_000)} s` }
          : // The message may name the address; the code is enough.
            { ok: false, reason: 'Connection', problem: `connection failed: ${error.code ?? 'unknown'}` },
      );
    });
    sent.end(body);
  });

/** What an answer means, by its status. Any 2xx is taken; nothing else is. */
export function resultOf(status: number, retryAfter: string | undefined): PostResult {
  if (status >= 200 && status < 300) return { ok: true };
  const problem = `status ${String(status)}`;
  if (status >= 300 && status < 400) {
    return { ok: false, reason: 'Redirect', problem: `${problem}: redirects are not followed` };
  }
  // A date is allowed too; whoever limits a rate (Slack does) sends seconds.
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return { ok: false, reason: 'Status', problem, ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1_000 }) };
}
