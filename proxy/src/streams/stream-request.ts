import { execRecordingOf, type AccessPolicy, type ExecRecording } from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';
import type { ProxyRequest } from '../request/proxy-request.ts';

/** The protocol switch a client asks for, narrowed to what we pass on. */
export interface StreamRequest {
  protocol: 'websocket' | 'spdy';
  /** Headers of the upgrade itself. */
  headers: Record<string, string | string[]>;
  /** How the session is recorded. `Off` for what has no terminal. */
  record: ExecRecording;
}

/** Subprotocols whose bytes the recorder can read. */
const recordable = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
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
  const terminal = info.subresource === 'exec' || info.subresource === 'attach';
  const forward = info.subresource === 'portforward';
  if (info.apiGroup !== '' || info.resource !== 'pods' || (!terminal && !forward)) {
    return refuse(
      'malformed',
      'only exec, attach and port-forward may upgrade their connection; ask for this as plain HTTP',
    );
  }
  const record = terminal ? execRecordingOf(policies, user) : 'Off';
  const upgrade = String(clientHeaders.upgrade ?? '').toLowerCase();
  if (upgrade === 'websocket') return readWebSocket(clientHeaders, record, forward ? forwardable : recordable);
  if (upgrade !== 'spdy/3.1') return refuse('malformed', `the protocol ${upgrade} is not served`);
  if (record === 'Required') {
    return refuse(
      'forbidden',
      'this session must be recorded, and SPDY sessions cannot be: use WebSockets (kubectl does by default; unset ' +
        'KUBECTL_REMOTE_COMMAND_WEBSOCKETS)',
    );
  }
  const versions = clientHeaders['x-stream-protocol-version'];
  return {
    protocol: 'spdy',
    record: 'Off',
    headers: {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      ...(versions === undefined ? {} : { 'x-stream-protocol-version': versions }),
    },
  };
}

function readWebSocket(
  clientHeaders: NodeJS.Dict<string | string[]>,
  record: ExecRecording,
  known: readonly string[],
): StreamRequest | Refusal {
  const asked = String(clientHeaders['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((each) => each.trim());
  const protocols = asked.filter((each) => known.includes(each));
  if (protocols.length === 0) return refuse('malformed', `ask for one of the subprotocols ${known.join(', ')}`);
  return {
    protocol: 'websocket',
    record,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': String(clientHeaders['sec-websocket-key'] ?? ''),
      'sec-websocket-version': String(clientHeaders['sec-websocket-version'] ?? ''),
      'sec-websocket-protocol': protocols.join(', '),
    },
  };
}
