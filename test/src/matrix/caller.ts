import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export interface Answer {
  code: number;
  /** The body as it came. */
  text: string;
  /** What `Warning` headers said. */
  warnings: string;
}

/** Sends requests as one identity, over connections that are kept: a matrix is some thousand of them. */
export interface Caller {
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** A GET whose answer is JSON. Throws what the server says when it is not 200. */
  get<T>(path: string, accept?: string): Promise<T>;
  close(): void;
}

/** Who calls: by a token, or by a client certificate's files. */
export type CallerCredential = { token: string } | { cert: string; key: string };

/** An answer of the API server comes within 34 s (its own limit on a write), or something is stuck. */
const timeoutMs = 60_000;

export function createCaller(url: string, caFile: string, credential: CallerCredential): Caller {
  const keys = 'cert' in credential ? { cert: readFileSync(credential.cert), key: readFileSync(credential.key) } : {};
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: readFileSync(caFile), ...keys });
  const exchange = (method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method, agent, headers, timeout: timeoutMs }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('error', reject);
        const warnings = String(answer.headers['warning'] ?? '');
        answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text, warnings }));
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
      sent.on('error', reject);
      sent.end(body);
    });
  const authorization: Record<string, string> =
    'token' in credential ? { authorization: `Bearer ${credential.token}` } : {};
  return {
    async send(method, path, body, contentType = 'application/json') {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const length: Record<string, string> =
        text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) };
      return await exchange(method, path, { ...authorization, ...length, 'content-type': contentType }, text);
    },
    async get<T>(path: string, accept = 'application/json') {
      const answer = await exchange('GET', path, { ...authorization, accept });
      if (answer.code !== 200) throw new Error(`GET ${path}: ${String(answer.code)} ${answer.text}`);
      return JSON.parse(answer.text) as T;
    },
    close: () => agent.destroy(),
  };
}
