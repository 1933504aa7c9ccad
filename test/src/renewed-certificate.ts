import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { Stack } from '@holdpoint/local';
import { eventually } from './eventually.ts';

/** Renews the certificate that the stack's services share, as a certificate manager does, and waits until `url` serves it. */
export async function renewServedCertificate(stack: Stack, url: string): Promise<void> {
  const renewed = await stack.files.issueServer('renewed');
  for (const [file, text] of [
    [stack.files.services.cert, renewed.certificate],
    [stack.files.services.key, renewed.key],
  ] as const) {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const wanted = new X509Certificate(renewed.certificate).serialNumber;
  await eventually('the new one is served', async () =>
    (await servedSerial(url, stack.caFile)) === wanted ? true : undefined,
  );
}

/** The serial number of the certificate that is served now. */
function servedSerial(url: string, caFile: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: readFileSync(caFile) }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
