import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** One request, as bytes: what kubectl would never send can be sent. */
export interface Sent {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query, sent as it stands. */
  path: string;
  /** An object is sent as JSON, a string as it is. */
  body?: object | string;
  /** @default application/json; of a PATCH, application/merge-patch+json */
  type?: string;
  headers?: Readonly<Record<string, string | string[]>>;
}

export interface Answer {
  /** 0: no answer in time. */
  code: number;
  text: string;
  /** The Warning headers, as kubectl would print them. */
  warning: string;
}

/** Sends as one identity to one server. Never rejects for an answer's sake: a refusal is an answer. */
export type Caller = (sent: Sent) => Promise<Answer>;

/** Longer than the API server waits for a webhook (10 s); shorter than a test. */
const timeoutMs = 25_000;

export function createCaller(url: string, caFile: string, token: string): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const ca = readFileSync(caFile);
  return ({ method, path, body, type, headers = {} }) =>
    new Promise((resolve) => {
      const contentType = type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
      const bytes =
        body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const own = {
        authorization: `Bearer ${token}`,
        // Node writes no length for a DELETE's body by itself, and the next request would begin with it.
        ...(bytes === undefined ? {} : { 'content-type': contentType, 'content-length': bytes.length }),
      };
      const options = { method, path, ca, agent, headers: { ...own, ...headers }, timeout: timeoutMs };
      const sent = request(url, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('error', () => resolve({ code: 0, text, warning: '' }));
        answer.on('end', () =>
          resolve({ code: answer.statusCode ?? 0, text, warning: String(answer.headers['warning'] ?? '') }),
        );
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', (error) => resolve({ code: 0, text: error.message, warning: '' }));
      sent.end(bytes);
    });
}
