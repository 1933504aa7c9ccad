import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

/** What came back for some bytes: everything, until the other side closed or nothing came for a while. */
export interface RawAnswer {
  text: string;
  /** Of the first answer; 0 when there was none. */
  code: number;
  /** How many answers there are. */
  count: number;
}

/** A watch of a second is answered within it; what is still silent then has nothing more to say. */
const silentMs = 5_000;

/** Sends exactly these bytes over TLS. Never rejects for what the other side does. */
export function sendRaw(url: string, caFile: string, bytes: Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), ca: readFileSync(caFile) });
    const done = (): void => {
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      const answers = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].filter(([, code]) => code !== '100');
      resolve({ text, code: Number(answers[0]?.[1] ?? 0), count: answers.length });
    };
    socket.setTimeout(silentMs, done);
    socket.on('error', done);
    socket.on('end', done);
    socket.on('close', done);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('secureConnect', () => socket.write(bytes));
  });
}
