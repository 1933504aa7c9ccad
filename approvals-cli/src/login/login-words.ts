import { resolve } from 'node:path';
import { defaultScopes, type LoginFlags } from './login-settings.ts';

/** The words of an `approvals login` that is to be run later, from any folder. */
export function loginWords(flags: LoginFlags & { caFile?: string; device?: boolean }): string[] {
  const { issuer, clientId, scopes, audience, caFile, device, allowInsecureIssuer } = flags;
  return [
    'login',
    ...['--issuer', issuer, '--client-id', clientId],
    ...(scopes === defaultScopes ? [] : ['--scopes', scopes]),
    ...(audience === undefined ? [] : ['--audience', audience]),
    ...(caFile === undefined ? [] : ['--ca-file', resolve(caFile)]),
    ...(device === true ? ['--device'] : []),
    ...(allowInsecureIssuer === true ? ['--allow-insecure-issuer'] : []),
  ];
}
