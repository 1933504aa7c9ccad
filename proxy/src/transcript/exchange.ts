import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { UserInfo } from '@holdpoint/core';
import type { Pausable } from '../pause/pause.ts';
import type { Refusal } from '../refusal.ts';
import type { ReceivedRequest } from '../request/proxy-request.ts';
import type { SessionEnd } from '../streams/stream-session.ts';

/** What is known of one request of a client: filled in as it becomes known, told when it is over. */
export interface Exchange extends Pausable {
  readonly receivedAtMs: number;
  readonly method: string;
  /** As sent. */
  readonly url: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  /** That of the last request sent upstream, so that this and the API server's event are one; of our own until then. */
  auditId: string;
  /** How often it was sent upstream. */
  attempts: number;
  /** From sending to the head of the answer, of all attempts together. */
  upstreamMs: number;
  /** Bytes of its body, as far as it was read to be sent on; of a session, what the client sent in it. */
  bytesIn: number;
  /** What was masked in the answer. */
  readonly masked: MaskedValues;
  /** Undefined for what could not be read as a request. */
  received?: ReceivedRequest;
  requestId?: string;
  /** Undefined for whoever did not say who they are. */
  user?: UserInfo;
  /** The proxy's own verdict, where it refused. */
  denied?: { policy: string; rule: string };
  /** What the proxy answered itself. */
  refusal?: Refusal;
  /** True when the client asked for another protocol. */
  isUpgrade?: true;
  /** True when the API server switched protocols. */
  upgraded?: true;
  /** How the session that came of it ended. */
  sessionEnd?: SessionEnd;
}

/** How many values an answer had that were masked, and some of the places. */
export interface MaskedValues {
  values: number;
  places: Set<string>;
}

/** How it ended. */
export interface ExchangeEnd {
  /** The answer's; 0 where the client had gone before there was one. */
  code: number;
  /** On the wire, the answer's head included. */
  bytesOut: number;
  endedAtMs: number;
}

/** A client's own words are cut where they are longer than any client of good will writes. */
const maxUrlLength = 16_384;
const maxUserAgentLength = 512;

export function openExchange(message: IncomingMessage, receivedAtMs: number): Exchange {
  return {
    receivedAtMs,
    method: message.method ?? '',
    url: (message.url ?? '').slice(0, maxUrlLength),
    sourceIp: message.socket.remoteAddress ?? '',
    userAgent: (message.headers['user-agent'] ?? '').slice(0, maxUserAgentLength),
    auditId: randomUUID(),
    attempts: 0,
    upstreamMs: 0,
    bytesIn: 0,
    masked: { values: 0, places: new Set() },
  };
}
