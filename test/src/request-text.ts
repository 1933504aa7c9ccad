import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';

export interface TextAnswer {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** One HTTPS request with exactly these bytes; the answer as it came, to its end. */
export async function requestText(
  url: string,
  options: { method?: string; path: string; body?: string; caFile: string; headers?: Record<string, string> },
): Promise<TextAnswer> {
  const { method = 'GET', path, body, caFile, headers = {} } = options;
  return await new Promise((resolve, reject) => {
    const sent = request(url, { method, path, ca: readFileSync(caFile), headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          code: answer.statusCode ?? 0,
          headers: answer.headers,
          // One character a byte: an answer may be in any encoding.
          text: Buffer.concat(chunks).toString('latin1'),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
