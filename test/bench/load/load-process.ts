import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { LoadOrder, LoadResult, Write } from './load.ts';

/**
 * The writers, in a process of their own, so that neither their event loop nor their garbage is that of whoever measures. As
 * thin as node:https lets them be: answers are counted and not read. Ends with its parent.
 */
process.on('disconnect', () => process.exit(0));
process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

/** One an identity: connections stay open from one slot to the next. */
const agents = new Map<string, Agent>();
let value = 0;

async function run(order: LoadOrder): Promise<LoadResult> {
  const agent = agents.get(order.token) ?? new Agent({ keepAlive: true, ca: readFileSync(order.caFile) });
  agents.set(order.token, agent);
  const result: LoadResult = { latenciesMs: [], elapsedMs: 0, cpuMs: 0, answers: {} };
  const startedAt = performance.now();
  const countFrom = startedAt + order.warmUpMs;
  const until = countFrom + order.durationMs;
  const cpuBefore = process.cpuUsage();
  const write = async (writer: number): Promise<void> => {
    for (let i = writer; ; i += 1) {
      const sentAt = performance.now();
      if (sentAt >= until) return;
      const each = order.writes[i % order.writes.length];
      if (each === undefined) return;
      value += 1;
      const answer = await send(order, agent, each, writer, value);
      result.answers[answer] = (result.answers[answer] ?? 0) + 1;
      if (sentAt >= countFrom) result.latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: order.writers }, (_, writer) => write(writer)));
  const endedAt = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    ...result,
    elapsedMs: endedAt - countFrom,
    cpuMs: ((user + system) / 1_000) * ((endedAt - countFrom) / (endedAt - startedAt)),
  };
}

/** Resolves with the answer's code, or with what went wrong before there was one. */
function send(order: LoadOrder, agent: Agent, write: Write, writer: number, next: number): Promise<string> {
  const fill = (text: string): string =>
    text.replaceAll('{writer}', String(writer)).replaceAll('{value}', String(next));
  const body = fill(write.body);
  return new Promise((resolve) => {
    const sent = request(
      `${order.url}${fill(write.path)}`,
      {
        method: write.method,
        agent,
        headers: {
          authorization: `Bearer ${order.token}`,
          'content-type': write.contentType,
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(`${write.name} ${String(answer.statusCode)}`));
        answer.on('error', (error) => resolve(`${write.name} ${error.message}`));
      },
    );
    sent.on('error', (error) => resolve(`${write.name} ${error.message}`));
    sent.end(body);
  });
}
