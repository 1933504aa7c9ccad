import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { AuditArm } from './arm.ts';
import type { Post } from './event-maker.ts';

/** Sends POSTs as the API server does: over connections that stay open. */
export interface Sender {
  /** Resolves with the milliseconds from its first byte to the end of the answer. Rejects unless that is a 200. */
  send(post: Post): Promise<number>;
  close(): void;
}

export function createSender(arm: AuditArm): Sender {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(arm.caFile) });
  return {
    send: (post) =>
      new Promise((resolve, reject) => {
        const startedAt = performance.now();
        const headers = {
          authorization: `Bearer ${arm.token}`,
          'content-type': 'application/json',
          'content-length': post.body.length,
        };
        const sent = request(`${arm.url}/audit`, { method: 'POST', agent, headers }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            if (answer.statusCode === 200) resolve(performance.now() - startedAt);
            else reject(new Error(`${arm.name} answered ${String(answer.statusCode)}: ${text}`));
          });
        });
        sent.on('error', reject);
        sent.end(post.body);
      }),
    close: () => agent.destroy(),
  };
}
