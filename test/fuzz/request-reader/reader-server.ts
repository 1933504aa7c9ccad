import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { duplexPair } from 'node:stream';
import { answerUnreadable, isRefusal, receive, sendStatus } from '@holdpoint/proxy';
import { readBody } from '@holdpoint/platform';

/** A request that the proxy would judge, and forward, as this. */
export interface Accepted {
  method: string;
  url: string;
  /** `name: value`, as they would go on. */
  headers: Record<string, string>;
  body: string;
}

/** What came back for some bytes. */
export interface Outcome {
  accepted: Accepted[];
  /** Whole answers, in order; those to a HEAD have no body. */
  answers: { code: number; body: string | undefined }[];
  /** What is left after them; empty, unless an answer was cut off. */
  rest: string;
}

/** As the proxy's own: see createProxyServer. */
const options = { maxHeaderSize: 1_048_576, requireHostHeader: false };
const maxBodyBytes = 1_048_576;
/** What is answered to a request that was read. */
export const acceptance = '{"kind":"Accepted"}';
/**
 * A reader that has not ended after so many turns of the event loop hangs: the bytes are at hand, and nobody else is asked. A
 * clock would tell of how busy the machine is.
 */
const maxTurns = 20_000;

/**
 * Has the proxy's reader read these bytes from a connection in memory, piece by piece, and then the connection end.
 *
 * @throws Error when it neither ends nor answers
 */
export async function readBytes(pieces: readonly Buffer[]): Promise<Outcome> {
  const accepted: (Accepted | undefined)[] = [];
  const methods: string[] = [];
  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    methods.push(message.method ?? '');
    const received = receive(message);
    if (isRefusal(received)) {
      sendStatus(response, received.refused);
      return;
    }
    // Several may come at once: each has its place by when it came, not by when its body ended.
    const place = accepted.push(undefined) - 1;
    const body = await readBody(message, maxBodyBytes);
    const headers = Object.entries(received.headers).map(([name, value]) => [name, String(value)]);
    const { method, url } = received;
    accepted[place] = {
      method,
      url,
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: body.toString('latin1'),
    };
    response.setHeader('content-length', acceptance.length);
    response.end(acceptance);
  };
  const server = createServer(options, (message, response) => {
    serve(message, response).catch(() => response.destroy());
  });
  server.maxHeadersCount = 0;
  answerUnreadable(server, { info: () => undefined }, (message, socket) => {
    methods.push('GET');
    const received = receive(message);
    socket.end(
      isRefusal(received)
        ? statusAnswer(received.refused.code, JSON.stringify(received.refused))
        : statusAnswer(400, '{"kind":"Status","message":"an upgrade"}'),
    );
  });

  const [client, served] = duplexPair();
  server.emit('connection', served);
  // What a network would tell the client.
  served.once('close', () => client.destroy());
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  let ended = false;
  for (const event of ['end', 'close', 'error']) client.once(event, () => (ended = true));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (const piece of pieces) {
    if (client.writable) client.write(piece);
    await turn();
  }
  client.end();
  for (let turns = 0; !ended && turns < maxTurns; turns += 1) await turn();
  served.destroy();
  client.destroy();
  if (!ended) throw new Error('the reader hangs');
  const whole = accepted.filter((each) => each !== undefined);
  return { accepted: whole, ...answersIn(Buffer.concat(chunks).toString('latin1'), methods) };
}

function statusAnswer(code: number, body: string): string {
  return `HTTP/1.1 ${String(code)} Refused\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\nConnection: close\r\n\r\n${body}`;
}

/** @param methods of the requests, in order: a HEAD's answer has a length, and no body */
function answersIn(text: string, methods: readonly string[]): Pick<Outcome, 'answers' | 'rest'> {
  const answers: Outcome['answers'] = [];
  let rest = text;
  for (;;) {
    const [head, code] = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest) ?? [];
    if (head === undefined) return { answers, rest };
    const isHead = code !== '100' && methods[answers.length] === 'HEAD';
    const length = isHead ? 0 : Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
    if (rest.length < head.length + length) return { answers, rest };
    const body = rest.slice(head.length, head.length + length);
    if (code !== '100') answers.push({ code: Number(code), body: isHead ? undefined : body });
    rest = rest.slice(head.length + length);
  }
}
