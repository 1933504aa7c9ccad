import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  extraKeys,
  extraOf,
  isFailureStatus,
  messageOf,
  type CompiledPolicy,
  type Elevation,
  type Mask,
  type Status,
} from '@holdpoint/core';
import { readBody, type Logger } from '@holdpoint/platform';
import { readHeldAnswer, type Answer, type HeldAnswer } from '../pause/held-answer.ts';
import type { Pause } from '../pause/pause.ts';
import type { RecordingStart } from '../recording/asciicast.ts';
import type { Recorder } from '../recording/recorder.ts';
import { openRecording, type Recording } from '../recording/recording.ts';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { queryValues, type ProxyRequest } from '../request/proxy-request.ts';
import type { ApiServer, UpgradeAnswer } from '../upstream/api-server.ts';
import { createElevatedSend } from '../upstream/elevated-send.ts';
import { upstreamHeaders } from '../upstream/impersonation.ts';
import type { RecentRefusals } from './recent-refusals.ts';
import { listed, readStreamRequest, type StreamKind, type StreamRequest } from './stream-request.ts';
import type { OpenSessions } from './open-sessions.ts';
import { createSpdyWire } from './spdy-wire.ts';
import { joinTerminal, joinUntouched, switchingHead, type SessionOver, type StreamEnd } from './stream-session.ts';
import { createWebSocketWire } from './websocket-wire.ts';

export interface StreamParts {
  apiServer: ApiServer;
  pause: Pause;
  recorder: Recorder;
  recentRefusals: RecentRefusals;
  openSessions: OpenSessions;
  mask: Mask;
  sessionOpened: (kind: StreamKind) => void;
  sessionOver: (session: SessionOver) => void;
  logger: Logger;
  /** Milliseconds. */
  now: () => number;
}

const maxAnswerBytes = 1_048_576;
type Switched = Extract<UpgradeAnswer, { switched: true }>;
type Attempted = { upgraded: Switched } | Answer;

/**
 * Serves exec, attach and port-forward: waits where held, opens the recording before the session begins, then joins both
 * connections until either closes. `socket` is answered here; a Refusal is the caller's to send.
 */
export async function serveStream(
  parts: StreamParts,
  request: ProxyRequest,
  message: IncomingMessage,
  client: StreamEnd,
  policies: readonly CompiledPolicy[],
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const before = parts.recentRefusals.recall(request);
  if (before !== undefined) return { refused: before, reason: 'as answered to the WebSocket request just before' };
  const asked = readStreamRequest(request, message.headers, policies);
  if (isRefusal(asked)) return asked;
  const remember = <T extends { refused: Status }>(refusal: T): T => {
    if (asked.protocol === 'websocket') parts.recentRefusals.remember(request, refusal.refused);
    return refusal;
  };

  // Opened first: with Required, a command that runs unrecorded for even a moment is one too many.
  const start = startOf(request, parts.now());
  const recording = await openFor(parts, asked, start);
  if (recording !== undefined && isRefusal(recording)) return remember(recording);

  const endQuietly = async (): Promise<void> => {
    await recording?.end();
  };
  try {
    let attempts = 0;
    const sendElevated = createElevatedSend(parts.apiServer, request, signal);
    const send = (elevation: Elevation): Promise<Attempted | HeldAnswer> => {
      // Each attempt is an audit event of its own; the recording belongs to the one that goes through, the last.
      if (attempts > 0) start.auditId = randomUUID();
      attempts += 1;
      return attempt(parts, request, asked, start, elevation, signal);
    };
    const outcome = await parts.pause<Attempted>(request.user, () => sendElevated(send), signal);
    if (isRefusal(outcome)) {
      await endQuietly();
      return remember(outcome);
    }
    if (!('upgraded' in outcome.passed)) {
      await endQuietly();
      return remember(await asRefusal(outcome.passed));
    }
    await join(parts, request, asked, client, outcome.passed.upgraded, {
      start,
      notice: outcome.notice,
      ...(recording === undefined ? {} : { recording }),
    });
    return undefined;
  } catch (error) {
    await endQuietly();
    throw error;
  }
}

/** Tells the client that the protocol is switched, and carries both directions until the session is over. */
async function join(
  parts: StreamParts,
  request: ProxyRequest,
  asked: StreamRequest,
  client: StreamEnd,
  { answer, socket, head }: Switched,
  opened: { start: RecordingStart; notice: string | undefined; recording?: Recording },
): Promise<void> {
  const { start, notice, recording } = opened;
  const { isTerminal } = asked;
  const session = parts.openSessions.open({
    ...{ request, isTerminal, isRecorded: recording !== undefined, wasHeld: notice !== undefined },
  });
  try {
    client.socket.write(switchingHead(answer, notice));
    const server = { socket, head };
    parts.sessionOpened(asked.kind);
    if (!isTerminal) {
      parts.sessionOver(await joinUntouched(client, server, session.revoked));
      return;
    }
    const startedAtMs = parts.now();
    start.startedAt = new Date(startedAtMs).toISOString();
    const over = await joinTerminal(client, server, {
      wire: asked.protocol === 'spdy' ? createSpdyWire() : createWebSocketWire(),
      mask: parts.mask,
      ...(recording === undefined ? {} : { recording }),
      required: asked.record === 'Required',
      recordInput: asked.recordInput,
      // Never negative: somebody may set the clock back.
      elapsedSeconds: () => Math.max(0, parts.now() - startedAtMs) / 1_000,
      revoked: session.revoked,
      logger: parts.logger,
    });
    parts.sessionOver(over);
  } finally {
    session.close();
  }
}

async function attempt(
  parts: StreamParts,
  request: ProxyRequest,
  asked: StreamRequest,
  start: RecordingStart,
  elevation: Elevation,
  signal: AbortSignal,
): Promise<Attempted | HeldAnswer> {
  const changes = {
    ...asked.headers,
    // The kubelet behind it knows no JSON; without the header the API server's own errors are JSON all the same.
    accept: undefined,
    'accept-encoding': undefined,
    'audit-id': start.auditId,
  };
  const headers = upstreamHeaders(request, changes, elevation);
  const result = await parts.apiServer.upgrade({
    method: request.method,
    url: request.url,
    headers,
    signal,
  });
  if (!result.switched) {
    return result.answer.statusCode === 429 ? readHeldAnswer(result.answer) : { answer: result.answer };
  }
  if (!isAskedFor(asked, result.answer.headers)) {
    result.socket.destroy();
    throw new Error('the API server switched to a protocol that was not asked for');
  }
  return { upgraded: result };
}

/** What the server switched to, told by its headers: to be read as what it is not, it would be passed on unread. */
function isAskedFor({ protocol, headers }: StreamRequest, answer: IncomingHttpHeaders): boolean {
  const isSpdy = protocol === 'spdy';
  if (String(answer.upgrade).toLowerCase() !== (isSpdy ? 'spdy/3.1' : 'websocket')) return false;
  if (isSpdy) return listed(headers['x-stream-protocol-version']).includes(String(answer['x-stream-protocol-version']));
  if (answer['sec-websocket-extensions'] !== undefined) return false;
  return listed(headers['sec-websocket-protocol']).includes(String(answer['sec-websocket-protocol']));
}

async function openFor(
  parts: StreamParts,
  asked: StreamRequest,
  start: RecordingStart,
): Promise<Recording | Refusal | undefined> {
  if (asked.record === 'Off') return undefined;
  try {
    return await openRecording(parts.recorder, start, () => new Date(parts.now()).toISOString());
  } catch (error) {
    if (asked.record === 'Required') {
      return refuse(
        'recorderMissing',
        'this session must be recorded, and the recorder is not available; try again later',
        {
          reason: messageOf(error),
        },
      );
    }
    parts.logger.warn({ reason: messageOf(error) }, 'session goes on without a recording');
    return undefined;
  }
}

function startOf(request: ProxyRequest, startedAtMs: number): RecordingStart {
  const { info, user, url } = request;
  return {
    recordingId: randomUUID(),
    auditId: randomUUID(),
    session: extraOf(user, extraKeys.session) ?? '',
    username: user.username,
    namespace: info.namespace,
    pod: info.name,
    container: queryValues(url, 'container')[0] ?? '',
    command: queryValues(url, 'command'),
    startedAt: new Date(startedAtMs).toISOString(),
    width: 80,
    height: 24,
  };
}

/** The API server's own no, as the client shall read it. */
async function asRefusal({ answer, body }: Answer): Promise<Refusal> {
  const bytes = body ?? (await readBody(answer, maxAnswerBytes));
  const code = answer.statusCode ?? 502;
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    if (isFailureStatus(parsed)) return { refused: parsed, reason: 'refused by the API server' };
  } catch {
    // Plain text, as the kubelet's errors are.
  }
  const { refused, reason } = refuse('upstreamFailed', bytes.toString('utf8').slice(0, 1_000));
  return { refused: { ...refused, code }, reason };
}
