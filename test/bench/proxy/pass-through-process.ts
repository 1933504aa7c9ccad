/**
 * The least that a proxy in Node can be: every request goes on as it came, and its answer comes back as it is. What it adds is
 * what standing in between costs; what Holdpoint adds beyond that is Holdpoint's.
 *
 * node pass-through-process.ts UPSTREAM CA CERT KEY; prints its port. Ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { createServer, Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';

const [upstream = '', caFile = '', certFile = '', keyFile = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile), maxFreeSockets: 256 });
const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (message, response) => {
  const { method, url, headers } = message;
  const outgoing = request(`${upstream}${url ?? ''}`, { method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  message.pipe(outgoing);
});
server.keepAliveTimeout = 100_000;
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
