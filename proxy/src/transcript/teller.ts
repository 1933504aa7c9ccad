import type { ProxyMetrics } from '../metrics.ts';
import type { Exchange, ExchangeEnd } from './exchange.ts';
import type { StrangerLimit } from './stranger-limit.ts';
import { toTranscriptEvent } from './transcript-event.ts';
import type { Transcript } from './transcript.ts';

/** Told of every request when it is over: counts it, and has it written down. */
export type TellExchange = (exchange: Exchange, end: ExchangeEnd) => void;

export interface TellerParts {
  metrics: Pick<ProxyMetrics, 'requestEnded'>;
  /** undefined where nobody takes one. */
  transcript: Transcript | undefined;
  strangers: StrangerLimit;
  /** The account that impersonates. */
  proxyUsername: string;
}

export function createTeller({ metrics, transcript, strangers, proxyUsername }: TellerParts): TellExchange {
  return (exchange, end) => {
    metrics.requestEnded(exchange, end);
    if (transcript === undefined) return;
    if (exchange.user === undefined && !strangers.admit()) transcript.leaveOut('unauthenticated-flood');
    else transcript.add(toTranscriptEvent(exchange, end, proxyUsername));
  };
}
