import {
  execRecordingOf,
  isInputRecordedFor,
  type AccessPolicy,
  type ExecRecording,
  type RequestInfo,
} from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';
import type { ProxyRequest } from '../request/proxy-request.ts';

/** What may be asked for: the subresource of a pod. */
export type StreamKind = 'exec' | 'attach' | 'portforward';

/** The protocol switch a client asks for, narrowed to what we pass on. */
export interface StreamRequest {
  kind: StreamKind;
  protocol: 'websocket' | 'spdy';
  /** Headers of the upgrade itself. */
  headers: Record<string, string | string[]>;
  /** exec and attach: read, masked, and recorded as `record` says. Not so port-forward, which passes untouched. */
  isTerminal: boolean;
  record: ExecRecording;
  /** Whether the recording has what is typed. */
  recordInput: boolean;
}

const streamKinds: readonly StreamKind[] = ['exec', 'attach', 'portforward'];
/** Subprotocols whose bytes we can read. */
const recordable = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
/** The same over SPDY. They differ in how the status is told, and in what clients may ask. Source: remotecommand/constants.go. */
const spdyProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
const spdyForward = 'portforward.k8s.io';
/** port-forward: SPDY inside WebSocket messages, and the older plain channels. */
const forwardable = ['SPDY/3.1+portforward.k8s.io', 'v2.portforward.k8s.io', ...recordable];

/**
 * Reads what an upgrade asks for. Only exec, attach and port-forward are served: a watch over WebSocket would carry
 * secrets past the mask. Subprotocols go by a list, which also keeps out bearer tokens dressed as one. No extension is
 * passed on, so none is negotiated: compressed frames could not be read.
 */
export function readStreamRequest(
  request: ProxyRequest,
  clientHeaders: NodeJS.Dict<string | string[]>,
  policies: readonly Pick<AccessPolicy, 'spec'>[],
): StreamRequest | Refusal {
  const { info, user } = request;
  const kind = streamKindOf(info);
  if (kind === undefined) {
    return refuse(
      'malformed',
      'only exec, attach and port-forward may upgrade their connection; ask for this as plain HTTP',
    );
  }
  const terminal = kind !== 'portforward';
  const how = {
    kind,
    isTerminal: terminal,
    record: terminal ? execRecordingOf(policies, user) : ('Off' as const),
    recordInput: terminal && isInputRecordedFor(policies, user),
  };
  const upgrade = String(clientHeaders.upgrade ?? '').toLowerCase();
  if (upgrade === 'websocket') {
    return { ...readWebSocket(clientHeaders, terminal ? recordable : forwardable), ...how };
  }
  if (upgrade !== 'spdy/3.1') return refuse('malformed', `the protocol ${upgrade} is not served`);
  return { ...readSpdy(clientHeaders, terminal ? spdyProtocols : [spdyForward]), ...how };
}

/** Undefined for whatever else a URL may ask for. */
export function streamKindOf({ apiGroup, resource, subresource }: RequestInfo): StreamKind | undefined {
  if (apiGroup !== '' || resource !== 'pods') return undefined;
  return streamKinds.find((kind) => kind === subresource);
}

type Upgrade = Pick<StreamRequest, 'protocol' | 'headers'>;

/** The client lists the versions that it speaks, in one header or in several; the server chooses. */
function readSpdy(clientHeaders: NodeJS.Dict<string | string[]>, known: readonly string[]): Upgrade | Refusal {
  const versions = listed(clientHeaders['x-stream-protocol-version']).filter((each) => known.includes(each));
  if (versions.length === 0) return refuse('malformed', `ask for one of the stream protocols ${known.join(', ')}`);
  return {
    protocol: 'spdy',
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': versions },
  };
}

function readWebSocket(clientHeaders: NodeJS.Dict<string | string[]>, known: readonly string[]): Upgrade | Refusal {
  const protocols = listed(clientHeaders['sec-websocket-protocol']).filter((each) => known.includes(each));
  if (protocols.length === 0) return refuse('malformed', `ask for one of the subprotocols ${known.join(', ')}`);
  return {
    protocol: 'websocket',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': String(clientHeaders['sec-websocket-key'] ?? ''),
      'sec-websocket-version': String(clientHeaders['sec-websocket-version'] ?? ''),
      'sec-websocket-protocol': protocols.join(', '),
    },
  };
}

/** The values of a header that is a list, in one line or in several. */
export function listed(header: string | string[] | undefined): string[] {
  return [header ?? '']
    .flat()
    .join(',')
    .split(',')
    .map((each) => each.trim());
}
