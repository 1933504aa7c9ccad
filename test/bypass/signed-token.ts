import { createPrivateKey, randomUUID, sign, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { audience, type Stack } from '@holdpoint/local';

/** A token that the stack's issuer could have made, with claims that it never makes: for an issuer that says too much. */
export function signedToken(stack: Stack, claims: object): string {
  const issuer = JSON.parse(readFileSync(join(stack.dir, 'issuer.json'), 'utf8')) as { signingKey: JsonWebKey };
  const seconds = Math.floor(Date.now() / 1_000);
  const said = {
    iss: stack.urls.issuer,
    aud: audience,
    iat: seconds,
    exp: seconds + 3_600,
    sid: randomUUID(),
    ...claims,
  };
  const encoded = [{ alg: 'ES256', typ: 'JWT', kid: 'stack' }, said]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = createPrivateKey({ key: issuer.signingKey, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(encoded), { key, dsaEncoding: 'ieee-p1363' });
  return `${encoded}.${signature.toString('base64url')}`;
}
