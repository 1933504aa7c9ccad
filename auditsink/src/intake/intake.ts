import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  failureStatus,
  HoldpointError,
  maskRecording,
  parseRecordings,
  toRowLine,
  type AuditSource,
  type JsonValue,
  type Mask,
} from '@holdpoint/core';
import { createByteBudget, sendJson, type ByteShare, type Logger } from '@holdpoint/platform';
import type { Spool } from '../spool/spool.ts';
import { sha256 } from '../sha256.ts';
import { createAuditIdMemory } from './audit-id-memory.ts';
import { decodedBody } from './decoded-body.ts';
import { createEventScanner } from './event-scanner.ts';
import { createGate } from './gate.ts';
import { createLogReader } from './log-reader.ts';
import { followLog } from './log-tail.ts';
import { unobserved, type IntakeObserver, type IntakePath } from './observer.ts';
import { createRowBatch } from './row-batch.ts';
import { createRowLines, type FieldsAbout, type MarkRow } from './row-lines.ts';
import { requireSender, type SenderRules } from './sender.ts';

/**
 * Takes events, and answers 200 when they are on disk, masked. Its hazards are that a sender can send anything at any length,
 * and that what it answered with 200 is never sent again. So bytes are taken as they come and only one event of a POST is in
 * memory at a time; whatever cannot be read becomes a stub, never nothing; and a sender that could not be served is told
 * so, in a way that makes it try again. The order: who sends, whether there is room, then bytes → rows → spool → answer.
 */
export interface Intake {
  /** What answers a POST, by its path. */
  readonly endpoints: ReadonlyMap<string, (request: IncomingMessage, response: ServerResponse) => void>;
  /** Ends the following of log files. */
  close(): Promise<void>;
}

export interface IntakeParts {
  spool: Spool;
  mask: Mask;
  /** The account that the proxy impersonates through. */
  proxyUsername: string;
  now: () => number;
  /** Who may send the API server's events. */
  eventSenders: SenderRules;
  /** Who may send the proxy's transcripts and recordings. */
  recordingsTokenFile: string;
  /** Audit log files of API servers, to be followed. */
  logFiles: readonly string[];
  /** How far they were taken is kept there. */
  logPositionsFolder: string;
  /** Told after everything that is on disk. */
  onSpooled: () => void;
  /** Adds to a row what is known of policies today. @default nothing */
  mark?: MarkRow;
  /** What policies name as secret beside what always is. @default nothing */
  fieldsAbout?: FieldsAbout;
  observer?: IntakeObserver;
  logger: Logger;
}

/**
 * An object is 3 MiB at most, and an event can carry two, the one that was sent and the one answered; in a log each may take
 * twice its size in escapes. What is larger is a list that somebody read, and is kept without it.
 */
const maxEventBytes = 16 * 1024 * 1024;
/** The API server sends up to 400 events at a time, and bounds neither an event nor a POST. Uncompressed. */
const maxPostBytes = 256 * 1024 * 1024;
/** A batch of frames is what a terminal wrote while the batch before was on its way. */
const maxRecordingsBytes = 32 * 1024 * 1024;
/** Of all POSTs together: of events that are not whole yet, and lines that are not on disk. */
const maxHeldBytes = 64 * 1024 * 1024;
/** An API server sends ten POSTs a second at most, and of several that come at once: so many are read, and so many wait. */
const gateLimits = { running: 64, waiting: 256 };
const retryAfterSeconds = '5';

/** Which codes answer what. Anything else is a 500, and the API server tries again. */
const httpCodes: Readonly<Record<string, number>> = {
  ERR_AUDIT_EVENTS_INVALID: 400,
  ERR_BODY_TOO_LARGE: 413,
  ERR_ENCODING_UNSUPPORTED: 415,
  ERR_INTAKE_BUSY: 503,
  ERR_SPOOL_FULL: 503,
  ERR_TOKEN_INVALID: 401,
};
/** What a client needs beside the code. RFC 7694: a 415 for an encoding says which ones are taken. */
const moreHeaders: Readonly<Record<number, Record<string, string>>> = {
  415: { 'accept-encoding': 'gzip' },
  503: { 'retry-after': retryAfterSeconds },
};

export function createIntake(parts: IntakeParts): Intake {
  const { spool, now, logger, onSpooled, observer = unobserved, mark = (row) => row, fieldsAbout = () => [] } = parts;
  const gate = createGate(gateLimits);
  const budget = createByteBudget(maxHeldBytes);
  const toLine = createRowLines({ ...parts, mark, fieldsAbout, observer, auditIds: createAuditIdMemory() });
  const senders = { tokenFile: parts.recordingsTokenFile };

  const takeEvents = async (body: AsyncIterable<Buffer>, source: AuditSource, share: ByteShare): Promise<void> => {
    const scanner = createEventScanner(maxEventBytes);
    const batch = createRowBatch(spool, 'audit_events');
    const flush = async (): Promise<void> => {
      const count = await batch.flush();
      if (count > 0) observer.eventsTaken(source, count);
    };
    try {
      for await (const piece of body) {
        for (const item of scanner.scan(piece)) {
          batch.add(toLine(item, source));
          if (batch.isFull()) await flush();
        }
        await share.hold(scanner.heldBytes() + batch.heldBytes());
      }
      scanner.finish();
    } finally {
      // What was whole is kept, whatever came behind it.
      await flush();
    }
  };
  const takeRecordings = async (body: AsyncIterable<Buffer>, share: ByteShare): Promise<void> => {
    const pieces: Buffer[] = [];
    let held = 0;
    for await (const piece of body) {
      pieces.push(piece);
      held += piece.length;
      await share.hold(held);
    }
    const batch = createRowBatch(spool, 'recordings');
    for (const row of parseRecordings(parseJson(Buffer.concat(pieces)), sha256)) {
      batch.add(toRowLine(maskRecording(row, parts.mask)));
    }
    await batch.flush();
  };

  const endpoint =
    (
      path: IntakePath,
      rules: SenderRules,
      maxBytes: number,
      take: (body: AsyncIterable<Buffer>, share: ByteShare) => Promise<void>,
    ) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const startedMs = now();
      const read = { bytes: 0 };
      const sender = new AbortController();
      response.on('close', () => sender.abort());
      const answer = (code: number, body: object): void => {
        const isGone = response.destroyed;
        observer.postAnswered({
          path,
          code: isGone ? 0 : code,
          bytes: read.bytes,
          // The clock may have been set back.
          seconds: Math.max(0, now() - startedMs) / 1_000,
        });
        if (isGone) return;
        sendJson(response, code, body, moreHeaders[code] ?? {});
        // What is still on its way is let go past: were it left unread, the connection could carry no other request.
        request.resume();
      };
      try {
        requireSender(request, rules);
        const leave = await gate.enter(sender.signal);
        const share = budget.open();
        try {
          await take(counted(decodedBody(request, maxBytes), read), share);
        } finally {
          share.close();
          leave();
        }
        onSpooled();
        answer(200, {});
      } catch (error) {
        const code = error instanceof HoldpointError ? (httpCodes[error.code] ?? 500) : 500;
        if (error instanceof HoldpointError && error.code === 'ERR_INTAKE_BUSY') observer.refusedAsBusy();
        if (sender.signal.aborted) logger.info({ path, bytes: read.bytes }, 'sender went away');
        else logger[code >= 500 ? 'error' : 'warn']({ err: error, path }, 'intake refused');
        const message = error instanceof HoldpointError ? `${error.code}: ${error.message}` : 'internal error';
        answer(code, failureStatus(code, message));
      }
    };

  const tails = parts.logFiles.map((file) => {
    const reader = createLogReader({
      file,
      positionsFolder: parts.logPositionsFolder,
      maxLineBytes: maxEventBytes,
      toLine: (item) => toLine(item, 'file'),
      batch: createRowBatch(spool, 'audit_events'),
      onTaken: (count) => {
        if (count === 0) return; // Empty lines alone.
        observer.eventsTaken('file', count);
        onSpooled();
      },
      logger,
    });
    return followLog(reader, logger);
  });
  const endpoints = new Map([
    [
      '/audit',
      endpoint('/audit', parts.eventSenders, maxPostBytes, (body, share) => takeEvents(body, 'apiserver', share)),
    ],
    [
      '/transcripts',
      endpoint('/transcripts', senders, maxPostBytes, (body, share) => takeEvents(body, 'proxy', share)),
    ],
    ['/recordings', endpoint('/recordings', senders, maxRecordingsBytes, takeRecordings)],
  ]);
  return {
    // An endpoint answers all of its failures itself.
    endpoints: new Map([...endpoints].map(([path, take]) => [path, (...exchange) => void take(...exchange)])),
    async close() {
      await Promise.all(tails.map((tail) => tail.close()));
    },
  };
}

async function* counted(body: AsyncIterable<Buffer>, read: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    read.bytes += piece.length;
    yield piece;
  }
}

function parseJson(bytes: Buffer): JsonValue {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch {
    // Not in the words of JSON.parse: it quotes the text, and that is somebody's terminal.
    throw new HoldpointError('ERR_AUDIT_EVENTS_INVALID', 'the body: expected JSON');
  }
}
