import type { Server } from 'node:https';
import { failureStatus } from '@holdpoint/core';
import { createHttpsServer, pathOf, sendJson, type Logger } from '@holdpoint/platform';
import { handleReview, type Reviewer } from './review-handler.ts';

export interface WebhookServerOptions {
  certFile: string;
  keyFile: string;
  /** By path: `/validate`, `/decide`, `/policies`. */
  reviewers: Readonly<Record<string, Reviewer>>;
  ready: () => boolean;
  logger: Logger;
}

/** The webhook's HTTPS face: one path a reviewer, and health. Does not listen yet. */
export function createWebhookServer({ certFile, keyFile, reviewers, ready, logger }: WebhookServerOptions): Server {
  return createHttpsServer({
    certFile,
    keyFile,
    handler: (request, response) => {
      const path = pathOf(request);
      const reviewer = Object.hasOwn(reviewers, path) ? reviewers[path] : undefined;
      if (reviewer !== undefined && request.method === 'POST') {
        void handleReview(request, response, reviewer, logger);
      } else if (path === '/healthz') {
        sendJson(response, 200, { status: 'ok' });
      } else if (path === '/readyz') {
        sendJson(response, ready() ? 200 : 503, { status: ready() ? 'ok' : 'starting' });
      } else {
        sendJson(response, 404, failureStatus(404, `${request.method ?? ''} ${path}: no such endpoint`));
      }
    },
  });
}
