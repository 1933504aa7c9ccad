import type { Server } from 'node:https';
import { failureStatus } from '@holdpoint/core';
import {
  createHttpsServer,
  pathOf,
  sendJson,
  sendMetrics,
  sendState,
  type Logger,
  type Metrics,
  type TlsReload,
} from '@holdpoint/platform';
import type { WebhookMetrics } from '../metrics.ts';
import { handleReview, type Reviewer, type UnreadAnswer } from './review-handler.ts';

export interface WebhookServerOptions {
  certFile: string;
  keyFile: string;
  /** By path: `/validate`, `/decide`, `/restore`, `/policies`. */
  reviewers: Readonly<Record<string, Reviewer>>;
  /** By path, where some reviews need not be read. */
  unread?: Readonly<Record<string, UnreadAnswer>>;
  /** Why it may not be sent requests now; undefined when it may. */
  notReady: () => string | undefined;
  /** What `/metrics` shows: counts alone, so it is for everybody. */
  exposition: Metrics['exposition'];
  metrics: WebhookMetrics;
  onTlsReload: (reload: TlsReload) => void;
  logger: Logger;
}

/** The webhook's HTTPS face: one path a reviewer, health, and metrics. Does not listen yet. */
export function createWebhookServer(options: WebhookServerOptions): Server {
  const { certFile, keyFile, reviewers, unread = {}, notReady, exposition, metrics, onTlsReload, logger } = options;
  return createHttpsServer({
    certFile,
    keyFile,
    onTlsReload,
    handler: (request, response) => {
      const path = pathOf(request);
      const reviewer = Object.hasOwn(reviewers, path) ? reviewers[path] : undefined;
      if (reviewer !== undefined && request.method === 'POST') {
        void handleReview(request, response, { path, reviewer, unread: unread[path], metrics, logger });
      } else if (path === '/healthz') {
        sendJson(response, 200, { status: 'ok' });
      } else if (path === '/readyz') {
        sendState(response, notReady());
      } else if (path === '/metrics' && request.method === 'GET') {
        void sendMetrics(response, exposition);
      } else {
        sendJson(response, 404, failureStatus(404, `${request.method ?? ''} ${path}: no such endpoint`));
      }
    },
  });
}
