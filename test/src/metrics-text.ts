import { readFileSync } from 'node:fs';
import { request } from 'node:https';

/** What a service shows of its metrics. @param url of the service, without a path */
export function metricsText(url: string, caFile: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/metrics`, { ca: readFileSync(caFile), agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The value of one line, named with its labels; 0 where there is no such line yet. */
export function metricIn(text: string, line: string): number {
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
}
