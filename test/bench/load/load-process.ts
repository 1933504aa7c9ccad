import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Call, LoadOrder, LoadResult } from './load.ts';

/**
 * The clients, in a process of their own, so that neither their event loop nor their garbage is that of whoever measures. As
 * thin as node:https lets them be: answers are counted and not read. Ends with its parent.
 */
process.on('disconnect', () => process.exit(0));
process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

type AnyAgent = HttpAgent | HttpsAgent;

/** One a server and identity: connections stay open from one slot to the next. */
const agents = new Map<string, AnyAgent>();
let value = 0;

async function run(order: LoadOrder): Promise<LoadResult> {
  const key = `${order.url} ${order.token}`;
  const agent = agents.get(key) ?? newAgent(order);
  agents.set(key, agent);
  const result: LoadResult = { latenciesMs: [], elapsedMs: 0, cpuMs: 0, answers: {} };
  const startedAt = performance.now();
  const countFrom = startedAt + order.warmUpMs;
  const until = countFrom + order.durationMs;
  const cpuBefore = process.cpuUsage();
  const work = async (client: number): Promise<void> => {
    let counted = 0;
    for (let i = client; ; i += 1) {
      const sentAt = performance.now();
      // An answer may take longer than the slot: one of each client is counted all the same.
      if (sentAt >= until && counted > 0) return;
      const each = order.calls[i % order.calls.length];
      if (each === undefined) return;
      value += 1;
      const answer = await send(order, agent, each, client, value);
      result.answers[answer] = (result.answers[answer] ?? 0) + 1;
      if (sentAt < countFrom) continue;
      result.latenciesMs.push(performance.now() - sentAt);
      counted += 1;
    }
  };
  await Promise.all(Array.from({ length: order.clients }, (_, client) => work(client)));
  const endedAt = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    ...result,
    elapsedMs: endedAt - countFrom,
    cpuMs: ((user + system) / 1_000) * ((endedAt - countFrom) / (endedAt - startedAt)),
  };
}

function newAgent({ url, caFile }: LoadOrder): AnyAgent {
  return url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ca: readFileSync(caFile) })
    : new HttpAgent({ keepAlive: true });
}

/** Resolves with the answer's code, or with what went wrong before there was one. */
function send(order: LoadOrder, agent: AnyAgent, call: Call, client: number, next: number): Promise<string> {
  const fill = (text: string): string =>
    text.replaceAll('{client}', String(client)).replaceAll('{value}', String(next));
  const body = call.body === undefined ? undefined : fill(call.body);
  const headers = {
    ...(order.token === '' ? {} : { authorization: `Bearer ${order.token}` }),
    ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
  const request = order.url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const sent = request(`${order.url}${fill(call.path)}`, { method: call.method, agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(`${call.name} ${String(answer.statusCode)}`));
      answer.on('error', (error) => resolve(`${call.name} ${error.message}`));
    });
    sent.on('error', (error) => resolve(`${call.name} ${error.message}`));
    sent.end(body);
  });
}
