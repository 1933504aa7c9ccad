import type { Mask, SecretPlace } from '@holdpoint/core';
import type { Pause } from '../pause/pause.ts';
import type { SessionOver } from '../streams/stream-session.ts';
import type { ApiServer, UpstreamCall } from '../upstream/api-server.ts';
import type { Exchange } from './exchange.ts';

/**
 * What serves a request, with what it does noted on the way: serving itself knows nothing of the transcript, and what is sent
 * upstream, waited for and masked is noted where it happens, however the request ends.
 */

/** @param elapsed milliseconds that only go on */
export function notingUpstream(apiServer: ApiServer, exchange: Exchange, elapsed: () => number): ApiServer {
  const noting = async <T>(call: UpstreamCall, ask: () => Promise<T>): Promise<T> => {
    const startedAt = elapsed();
    const auditId = call.headers['audit-id'];
    if (typeof auditId === 'string') exchange.auditId = auditId;
    exchange.attempts += 1;
    exchange.bytesIn = call.body?.length ?? 0;
    try {
      return await ask();
    } finally {
      exchange.upstreamMs += elapsed() - startedAt;
    }
  };
  return {
    send: (call) => noting(call, () => apiServer.send(call)),
    async upgrade(call) {
      const answer = await noting(call, () => apiServer.upgrade(call));
      if (answer.switched) exchange.upgraded = true;
      return answer;
    },
  };
}

/** Has the pause know what the request keeps, and fill in how its wait ended. */
export function notingPause(pause: Pause, exchange: Exchange): Pause {
  return (user, attempt, signal) => pause(user, attempt, signal, exchange);
}

export function noteSession(exchange: Exchange, { end, bytesIn }: SessionOver): void {
  exchange.sessionEnd = end;
  exchange.bytesIn = bytesIn;
}

/** Enough to see what kind of thing was masked; a list of thousands of Secrets is not told place by place. */
const maxPlaces = 20;

export function notingMask(mask: Mask, { masked }: Pick<Exchange, 'masked'>): Mask {
  const note = ({ namespace, name, key }: SecretPlace): void => {
    masked.values += 1;
    if (masked.places.size < maxPlaces)
      masked.places.add([namespace, name, key].filter((each) => each !== '').join('/'));
  };
  return {
    ...mask,
    note,
    ofData(place, base64) {
      note(place);
      return mask.ofData(place, base64);
    },
    ofText(place, text) {
      note(place);
      return mask.ofText(place, text);
    },
  };
}
