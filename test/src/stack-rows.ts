import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Stack } from '@holdpoint/local';

/** The rows of one statement, asked of a stack's audit sink as an auditor. */
export async function stackRows<Row>(stack: Stack, statement: string): Promise<Row[]> {
  const headers = { authorization: `Bearer ${readFileSync(stack.files.queryToken, 'utf8').trim()}` };
  const options = { method: 'POST', headers, ca: readFileSync(stack.caFile), agent: false };
  const { code, text } = await new Promise<{ code: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(`${stack.service('auditsink').url}/query`, options, (answer) => {
      let got = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (got += chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ code: answer.statusCode, text: got }));
    });
    sent.on('error', reject);
    sent.end(`${statement} FORMAT JSONEachRow`);
  });
  if (code !== 200) throw new Error(`${String(code)}: ${text}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
