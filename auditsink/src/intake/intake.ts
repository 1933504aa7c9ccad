import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  failureStatus,
  HoldpointError,
  maskRecording,
  parseEventList,
  parseRecordings,
  toRow,
  toRowLine,
  toStoreTime,
  type JsonValue,
  type Mask,
} from '@holdpoint/core';
import { readBody, sendJson, type Logger } from '@holdpoint/platform';
import { isSameSecret } from '../secret.ts';
import { toPayload, type Spooled } from '../spool/spooled.ts';
import type { Spool } from '../spool/spool.ts';

export interface IntakeParts {
  spool: Spool;
  mask: Mask;
  /** The account that the proxy impersonates through. */
  proxyUsername: string;
  now: () => number;
  /** Read for every request: tokens rotate. */
  tokenFile: string;
  /** Told after each POST that is on disk. */
  onSpooled: () => void;
  logger: Logger;
}

/**
 * The API server sends up to 400 events at a time and bounds neither an event nor a POST by default: 400 events with two
 * bodies of 3 MiB would be more, but such a batch does not occur before the API server itself falls over.
 */
const maxBodyBytes = 256 * 1024 * 1024;
/** An event's two bodies together: objects of 3 MiB at most, the old and the new. */
const maxBodyLength = 8 * 1024 * 1024;
const retryAfterSeconds = '5';

/** Which codes answer what. Anything else is a 500, and the API server tries again. */
const httpCodes: Readonly<Record<string, number>> = {
  ERR_AUDIT_EVENTS_INVALID: 400,
  ERR_BODY_TOO_LARGE: 413,
  ERR_TOKEN_INVALID: 401,
  ERR_SPOOL_FULL: 503,
};

/** `POST /audit`: an EventList of the API server. Masked, then on disk, then 200. */
export function takeAudit(request: IncomingMessage, response: ServerResponse, parts: IntakeParts): Promise<void> {
  return take(request, response, parts, (body) => {
    const options = {
      mask: parts.mask,
      sha256,
      source: 'apiserver' as const,
      proxyUsername: parts.proxyUsername,
      maxBodyLength,
      now: toStoreTime(new Date(parts.now()).toISOString()) ?? '',
    };
    return { table: 'audit_events', lines: parseEventList(body).map((item) => toRowLine(toRow(item, options))) };
  });
}

/** `POST /recordings`: a batch of terminal frames of the proxy. */
export function takeRecordings(request: IncomingMessage, response: ServerResponse, parts: IntakeParts): Promise<void> {
  return take(request, response, parts, (body) => ({
    table: 'recordings',
    lines: parseRecordings(body, sha256).map((row) => toRowLine(maskRecording(row, parts.mask))),
  }));
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  parts: IntakeParts,
  toSpooled: (body: JsonValue) => Spooled,
): Promise<void> {
  try {
    requireToken(request, parts.tokenFile);
    const spooled = toSpooled(parseJson(await readBody(request, maxBodyBytes)));
    if (spooled.lines.length > 0) await parts.spool.append(toPayload(spooled));
    parts.onSpooled();
    sendJson(response, 200, {});
  } catch (error) {
    const code = error instanceof HoldpointError ? (httpCodes[error.code] ?? 500) : 500;
    parts.logger[code >= 500 ? 'error' : 'warn']({ err: error, path: request.url }, 'intake refused');
    const message = error instanceof HoldpointError ? `${error.code}: ${error.message}` : 'internal error';
    if (!response.destroyed) {
      sendJson(response, code, failureStatus(code, message), code === 503 ? { 'retry-after': retryAfterSeconds } : {});
    }
  }
}

function parseJson(bytes: Buffer): JsonValue {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch {
    // What the parser says quotes the text around the fault, and that may be a secret: it is neither logged nor answered.
    throw new HoldpointError('ERR_AUDIT_EVENTS_INVALID', 'the body: expected JSON');
  }
}

function requireToken(request: IncomingMessage, tokenFile: string): void {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!isSameSecret(given, readFileSync(tokenFile, 'utf8').trim())) {
    throw new HoldpointError('ERR_TOKEN_INVALID', 'the bearer token is not this endpoint’s');
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
