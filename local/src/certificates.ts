import { webcrypto } from 'node:crypto';

// The library's dependency injection asks for it, and must find it loaded.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** A certificate and its key, as PEM. */
export interface CertifiedKey {
  certificate: string;
  key: string;
}

/** A certificate authority of one stack. Its key never leaves this process. */
export interface Authority {
  /** The authority's own certificate, as PEM: what others trust. */
  certificate: string;
  /** For a server on this machine: 127.0.0.1 and localhost, and the further DNS names given. */
  issueServer(commonName: string, dnsNames?: readonly string[]): Promise<CertifiedKey>;
  /** For a client: to Kubernetes the common name is the user, the organizations are its groups. */
  issueClient(commonName: string, organizations?: readonly string[]): Promise<CertifiedKey>;
}

/** P-256: a key takes well under a millisecond, where RSA would take most of a stack's start. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A stack lives for hours; a month leaves room for one forgotten over a holiday. */
const lifetimeMs = 30 * 24 * 60 * 60 * 1000;

/** Certificates start in the past, so that a clock set back a little does not refuse them. */
const backdatedMs = 5 * 60 * 1000;

/** Creates a self-signed authority. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    ...validity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issue(subject: x509.JsonName, extensions: x509.Extension[]): Promise<CertifiedKey> {
    const own = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: root.subject,
      ...validity(),
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    return {
      certificate: `${certificate.toString('pem')}\n`,
      key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
    };
  }

  return {
    certificate: `${root.toString('pem')}\n`,
    issueServer: (commonName, dnsNames = []) =>
      issue(
        [{ CN: [commonName] }],
        [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension([
            { type: 'ip', value: '127.0.0.1' },
            ...['localhost', ...dnsNames].map((value) => ({ type: 'dns' as const, value })),
          ]),
        ],
      ),
    issueClient: (commonName, organizations = []) =>
      issue(
        [{ CN: [commonName] }, ...organizations.map((organization) => ({ O: [organization] }))],
        [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
      ),
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - backdatedMs), notAfter: new Date(now + lifetimeMs) };
}
