export type Credential = { type: 'Token'; token: string } | { type: 'None' } | { type: 'Several' };

/**
 * The token of a request, as ClickHouse's clients send a password, or as a bearer token. Two of them are refused: whoever
 * stands in between may have looked at the other one.
 *
 * @param header by lower-case name
 */
export function credentialOf(header: (name: string) => string | undefined): Credential {
  const authorization = header('authorization') ?? '';
  const key = header('x-clickhouse-key') ?? '';
  const tokens = [tokenIn(authorization), key].filter((token) => token !== '');
  const [token] = tokens;
  if (token === undefined) return { type: 'None' };
  return tokens.length > 1 ? { type: 'Several' } : { type: 'Token', token };
}

function tokenIn(authorization: string): string {
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic +(\S+) *$/i.exec(authorization)?.[1];
  if (basic === undefined) return '';
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? '' : pair.slice(colon + 1);
}
