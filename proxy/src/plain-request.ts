import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Assumed, Mask, ReleaseCodec } from '@holdpoint/core';
import { readBody } from '@holdpoint/platform';
import { answerHeaders } from './answer/answer-headers.ts';
import { write } from './answer/send.ts';
import { maskAnswer, maskLines } from './masking/masked-answer.ts';
import { isLineStream, jsonOnly, maskedAs, refusePatch } from './masking/masked-requests.ts';
import { readHeldAnswer, type Answer, type HeldAnswer } from './pause/held-answer.ts';
import type { Pause } from './pause/pause.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { restoreWritten } from './written/restore-written.ts';
import { isWrite, type ProxyRequest } from './request/proxy-request.ts';
import type { ApiServer } from './upstream/api-server.ts';
import { upstreamHeaders } from './upstream/impersonation.ts';

export interface PlainRequestParts {
  apiServer: ApiServer;
  pause: Pause;
  mask: Mask;
  codec: ReleaseCodec;
}

/** The API server's own limit. A held write is sent again byte for byte, so it is kept whole. */
const maxBodyBytes = 3 * 1_048_576;

/** Serves everything but upgrades: sends, waits where held, masks where secret, and streams the rest through. */
export async function servePlainRequest(
  parts: PlainRequestParts,
  request: ProxyRequest,
  message: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const body = isWrite(request) ? await readBody(message, maxBodyBytes) : undefined;
  if (body !== undefined) {
    const refused = refusePatch(request.info, String(request.headers['content-type'] ?? ''), body);
    if (refused !== undefined) return refused;
  }
  const sent = body === undefined ? undefined : await restoreWritten(parts, request, body, signal);
  const as = maskedAs(request.info);
  const changes: OutgoingHttpHeaders = {};
  // JSON for what is masked, and for every write: its answer may be a hold, which is read here.
  if (as !== undefined || body !== undefined) {
    changes.accept = jsonOnly(request.headers.accept as string | undefined);
    changes['accept-encoding'] = 'identity';
  }
  if (as !== undefined) changes.range = changes['if-none-match'] = undefined;

  const attempt = async (): Promise<Answer | HeldAnswer> => {
    const { method, url } = request;
    const answer = await parts.apiServer.send({
      method,
      url,
      headers: upstreamHeaders(request, changes),
      ...(sent === undefined ? {} : { body: sent }),
      signal,
    });
    return answer.statusCode === 429 && body !== undefined ? readHeldAnswer(answer) : { answer };
  };
  const outcome = await parts.pause<Answer>(request.user, attempt, signal);
  if (isRefusal(outcome)) return outcome;
  const { passed, notice } = outcome;
  if (as === undefined) await passOn(passed, response, notice);
  else await passMasked(passed, response, notice, { as, mask: parts.mask, request, signal });
  return undefined;
}

async function passOn(passed: Answer, response: ServerResponse, notice: string | undefined): Promise<void> {
  const { answer } = passed;
  const headers = answerHeaders(answer, { bodyChanges: false, notice });
  response.writeHead(answer.statusCode ?? 502, headers);
  const read = passed.body;
  if (read !== undefined) {
    response.end(read);
    return;
  }
  // At once: a watch's first event may be an hour away, and the client waits for the headers.
  response.flushHeaders();
  await pipeline(answer, response);
}

async function passMasked(
  passed: Answer,
  response: ServerResponse,
  notice: string | undefined,
  how: { as: Assumed; mask: Mask; request: ProxyRequest; signal: AbortSignal },
): Promise<void> {
  const { answer } = passed;
  const headers = answerHeaders(answer, { bodyChanges: true, notice });
  const code = answer.statusCode ?? 502;
  if (code === 200 && isLineStream(how.request.info)) {
    const lines = maskLines(answer, how.mask, how.as);
    response.writeHead(code, headers);
    response.flushHeaders();
    for await (const line of lines) await write(response, line, how.signal);
    response.end();
    return;
  }
  const read = passed.body;
  const masked = await maskAnswer(answer, how.mask, how.as, read);
  if (how.request.method === 'HEAD') response.writeHead(code, headers);
  else response.writeHead(code, [...headers, 'Content-Length', String(masked.length)]);
  response.end(masked);
}
