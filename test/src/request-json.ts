import { readFileSync } from 'node:fs';
import { request } from 'node:https';

export interface JsonAnswer {
  code: number;
  body: unknown;
}

/**
 * One HTTPS request with exactly these bytes; the answer's body parsed as JSON.
 *
 * @param options.path sent as it stands, where a URL would be tidied up on the way
 */
export async function requestJson(
  url: string,
  options: { method: string; body?: string; caFile: string; headers?: Record<string, string>; path?: string },
): Promise<JsonAnswer> {
  const { method, body, caFile, headers = {} } = options;
  return await new Promise((resolve, reject) => {
    const sentAs = options.path === undefined ? {} : { path: options.path };
    const sent = request(url, { method, ca: readFileSync(caFile), headers, agent: false, ...sentAs }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        try {
          resolve({ code: answer.statusCode ?? 0, body: JSON.parse(text) });
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
