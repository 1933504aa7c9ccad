import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import {
  answerMaskingOf,
  governingPolicies,
  mayBeCustom,
  type CompiledPolicy,
  type AnswerMasking,
  type Elevation,
  type Mask,
  type ReleaseCodec,
  type RequestInfo,
} from '@holdpoint/core';
import { readBody, type ByteShare } from '@holdpoint/platform';
import { answerHeaders } from './answer/answer-headers.ts';
import { write } from './answer/send.ts';
import type { HeldBytes } from './held-bytes.ts';
import { isLog, isOpenEnded, maskerOf, type MaskedAnswer } from './masking/masked-answer.ts';
import { refusePatch } from './masking/masked-requests.ts';
import { negotiate } from './masking/negotiation.ts';
import { mayQuoteMasked } from './masking/quoting-refusal.ts';
import { refuseSelector } from './masking/refused-selectors.ts';
import { withObjects } from './masking/table-objects.ts';
import { readHeldAnswer, type Answer, type HeldAnswer } from './pause/held-answer.ts';
import type { Pause } from './pause/pause.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { restoreWritten } from './written/restore-written.ts';
import { isWrite, type ProxyRequest } from './request/proxy-request.ts';
import type { ApiServer } from './upstream/api-server.ts';
import { createElevatedSend } from './upstream/elevated-send.ts';
import { upstreamHeaders } from './upstream/impersonation.ts';

export interface PlainRequestParts {
  apiServer: ApiServer;
  pause: Pause;
  mask: Mask;
  codec: ReleaseCodec;
  heldBytes: HeldBytes;
  /** The policies as they are now: they say what is masked. */
  policies: () => readonly CompiledPolicy[];
}

/** The API server's own limit. A held write is sent again byte for byte, so it is kept whole. */
const maxBodyBytes = 3 * 1_048_576;
/** A long list comes in pieces of 16 KiB, one of TLS each; written one by one, each would be a chunk and a system call. */
const minWriteBytes = 65_536;

/** Serves everything but upgrades: sends, waits where held, masks where secret, and streams the rest through. */
export async function servePlainRequest(
  parts: PlainRequestParts,
  request: ProxyRequest,
  message: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const share = parts.heldBytes.open(request.user.username);
  try {
    return await serveHolding(share, parts, request, message, response, signal);
  } finally {
    share.close();
  }
}

async function serveHolding(
  share: ByteShare,
  parts: PlainRequestParts,
  request: ProxyRequest,
  message: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const { info } = request;
  const how = answerMaskingOf(governingPolicies(parts.policies(), request.user), info);
  const body = isWrite(request) ? await readBody(message, maxBodyBytes, share.hold) : undefined;
  const refused =
    refuseSelector(info, how, request.url) ??
    (body === undefined
      ? undefined
      : refusePatch(info, how, String(request.headers['content-type'] ?? ''), body, parts.mask));
  if (refused !== undefined) return refused;
  const sent =
    body === undefined ? undefined : await restoreWritten({ ...parts, hold: share.hold }, request, how, body, signal);
  // What the masks were restored from is let go of.
  if (sent !== undefined) void share.hold(sent.length);
  const asked = askUpstream(request, how, body !== undefined);
  if (isRefusal(asked)) return asked;

  const sendElevated = createElevatedSend(parts.apiServer, request, signal);
  const attempt = async (elevation: Elevation): Promise<Answer | HeldAnswer> => {
    const answer = await parts.apiServer.send({
      method: request.method,
      url: asked.url,
      headers: upstreamHeaders(request, asked.changes, elevation),
      ...(sent === undefined ? {} : { body: sent }),
      signal,
    });
    if (answer.statusCode !== 429 || body === undefined) return { answer };
    const held = await readHeldAnswer(answer);
    // Who waits for an approval has room of its own: see pause-room.ts.
    if ('hold' in held) void share.hold(0);
    return held;
  };
  const outcome = await parts.pause<Answer>(request.user, () => sendElevated(attempt), signal);
  if (isRefusal(outcome)) return outcome;
  const { passed, notice } = outcome;
  if (how === undefined) await passOn(passed, response, notice);
  else {
    const { answerAs, include } = asked;
    const withholdsMessages = await mayQuoteMasked(parts, request, how, passed.answer.statusCode ?? 502, signal);
    const masked = { info, how: { ...how, withholdsMessages }, mask: parts.mask, answerAs, include };
    await passMasked(passed, response, notice, masked, share, signal);
  }
  return undefined;
}

interface AskedUpstream extends Pick<MaskedAnswer, 'answerAs' | 'include'> {
  url: string;
  changes: OutgoingHttpHeaders;
}

/** What is asked otherwise than the client did, so that the answer can be read here. */
function askUpstream(
  request: ProxyRequest,
  how: AnswerMasking | undefined,
  isWriting: boolean,
): AskedUpstream | Refusal {
  const { url, info, headers } = request;
  const asked: AskedUpstream = { url, changes: {}, answerAs: 'json', include: 'asAsked' };
  // A write's answer may be a hold, which is read here.
  if (how === undefined && !isWriting) return asked;
  const changes: OutgoingHttpHeaders = { 'accept-encoding': 'identity' };
  if (how !== undefined) changes.range = changes['if-none-match'] = changes['if-modified-since'] = undefined;
  // A log is text, its refusals are JSON, and the API server finds for itself which of the two it has.
  if (isLog(info)) return { ...asked, changes: { ...changes, accept: 'application/json, */*' } };
  const negotiated = negotiate(headers.accept as string | undefined, info.verb === 'watch');
  if (isRefusal(negotiated)) return negotiated;
  const { accept, answerAs } = negotiated;
  const isTable = /;as=table/i.test(accept) && how !== undefined && asksForObjects(how, info);
  return {
    ...(isTable ? withObjects(url) : { url, include: 'asAsked' as const }),
    changes: { ...changes, accept },
    // Unmasked, it is passed on as it comes.
    answerAs: how === undefined ? 'json' : answerAs,
  };
}

/** Where a policy names secret fields, or a definition of somebody's own the columns. */
function asksForObjects({ fields, detectors }: AnswerMasking, info: RequestInfo): boolean {
  return fields.length > 0 || (detectors === 'all' && mayBeCustom(info));
}

async function passOn(passed: Answer, response: ServerResponse, notice: string | undefined): Promise<void> {
  const { answer } = passed;
  const headers = answerHeaders(answer, { notice });
  response.writeHead(answer.statusCode ?? 502, headers);
  const read = passed.body;
  if (read !== undefined) {
    response.end(read);
    return;
  }
  if (answer.complete) {
    // It came with its head, as most do: head and body leave in one write.
    response.end(answer.read() ?? undefined);
    return;
  }
  // At once: a watch's first event may be an hour away, and the client waits for the headers.
  response.flushHeaders();
  await pipeline(answer, response);
}

/** What is to be read of an answer: in one piece where it is here already, which spares an iteration its set-up. */
function chunksOf({ answer, body }: Answer): AsyncIterable<Buffer> | Iterable<Buffer> {
  if (body !== undefined) return [body];
  if (!answer.complete) return answer as AsyncIterable<Buffer>;
  const whole = answer.read() as Buffer | null;
  return whole === null ? [] : [whole];
}

/** Masks an answer as it comes, no faster than the client takes it. Nothing is said before there is something to say. */
async function passMasked(
  passed: Answer,
  response: ServerResponse,
  notice: string | undefined,
  masked: MaskedAnswer,
  share: ByteShare,
  signal: AbortSignal,
): Promise<void> {
  const { answer } = passed;
  const code = answer.statusCode ?? 502;
  const headers = answerHeaders(answer, { notice, masked });
  if (response.req.method === 'HEAD' || hasNoBody(code)) {
    answer.resume();
    response.writeHead(code, headers);
    response.end();
    return;
  }
  const masker = maskerOf(answer, masked);
  const openEnded = isOpenEnded(code, masked.info);
  if (openEnded) {
    response.writeHead(code, headers);
    response.flushHeaders();
  }
  let ready: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(passed)) {
    const shown = masker.push(chunk);
    if (shown.length > 0) ready.push(shown);
    size += shown.length;
    if (size > 0 && (size >= minWriteBytes || openEnded)) {
      if (!response.headersSent) response.writeHead(code, headers);
      // However slowly this client reads, its other requests do not wait for that.
      void share.hold(0);
      // One piece is the rule, and a copy of it would be garbage at once: see createDocumentMasker.
      const [only] = ready;
      await write(response, ready.length === 1 && only !== undefined ? only : Buffer.concat(ready, size), signal);
      ready = [];
      size = 0;
    }
    // A log's last line may have no end for hours.
    const wait = openEnded ? undefined : share.hold(masker.held());
    if (wait !== undefined) await wait;
  }
  const last = Buffer.concat([...ready, masker.end()]);
  if (!response.headersSent) response.writeHead(code, [...headers, 'Content-Length', String(last.length)]);
  response.end(last);
}

/** RFC 9110, sections 15.3.5 and 15.4.5. */
function hasNoBody(code: number): boolean {
  return code === 204 || code === 304;
}
