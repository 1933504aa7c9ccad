import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { failureStatus } from '@holdpoint/core';
import {
  createHttpsServer,
  pathOf,
  sendJson,
  sendMetrics,
  sendState,
  type Metrics,
  type TlsReload,
} from '@holdpoint/platform';
import type { Intake } from './intake/intake.ts';
import type { SinkMetrics } from './metrics.ts';

export interface SinkServerOptions {
  certFile: string;
  keyFile: string;
  /** PEM: the authorities of senders that show a certificate. */
  clientCa: string | undefined;
  intake: Pick<Intake, 'endpoints'>;
  query: RequestListener;
  /** Why no events may be sent here; undefined when they may. */
  notReady: () => string | undefined;
  /** Why no question can be answered; undefined when it can. Says nothing of events: those wait in the spool. */
  notAnswering: () => string | undefined;
  /** What `/metrics` shows: counts alone, so it is for everybody. */
  exposition: Metrics['exposition'];
  metrics: Pick<SinkMetrics, 'queryAnswered'>;
  onTlsReload: (reload: TlsReload) => void;
}

/** The API server gives a POST 30 s; tens of megabytes may be on their way. */
const requestTimeoutMs = 60_000;
/** Where ClickHouse's clients look, given this server's URL or that of `/query`. */
const queryPaths: ReadonlySet<string> = new Set(['/', '/query', '/ping', '/query/ping']);

/** The audit sink's HTTPS face: what takes events, what answers questions, health, and metrics. Does not listen yet. */
export function createSinkServer(options: SinkServerOptions): Server {
  const { certFile, keyFile, clientCa, intake, query, notReady, notAnswering, exposition, metrics } = options;
  return createHttpsServer({
    certFile,
    keyFile,
    requestTimeoutMs,
    onTlsReload: options.onTlsReload,
    ...(clientCa === undefined ? {} : { clientCa }),
    handler: (request, response) => {
      const path = pathOf(request);
      const take = request.method === 'POST' ? intake.endpoints.get(path) : undefined;
      if (take !== undefined) {
        take(request, response);
      } else if (queryPaths.has(path)) {
        const startedAt = performance.now();
        response.once('close', () => {
          metrics.queryAnswered(
            response.writableFinished ? response.statusCode : 0,
            (performance.now() - startedAt) / 1_000,
          );
        });
        query(request, response);
      } else if (path === '/healthz') {
        sendJson(response, 200, { status: 'ok' });
      } else if (path === '/readyz') {
        sendState(response, notReady());
      } else if (path === '/readyz/query') {
        sendState(response, notReady() ?? notAnswering());
      } else if (path === '/metrics' && request.method === 'GET') {
        void sendMetrics(response, exposition);
      } else {
        sendJson(response, 404, failureStatus(404, `${request.method ?? ''} ${path}: no such endpoint`));
      }
    },
  });
}
