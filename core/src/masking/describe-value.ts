/**
 * What may be told of a secret value beside its length: of what kind it is, until when a certificate or token is good, for
 * which registry a login is. Never a piece of what opens anything. The words are few and their form is fixed, because they
 * stand within a mask token, and a token must be told from the text around it.
 */
import { isJsonObject } from '../kubernetes/object.ts';
import { bytesOfBase64 } from './base64.ts';

/** The form of every description, for the patterns that find tokens. */
export const descriptionPattern =
  ':(?:private-key|(?:certificate|jwt)-until-\\d{4}-\\d\\d-\\d\\d|registry-[a-z0-9](?:[a-z0-9.-]{0,78}[a-z0-9])?)';

/** What a value must begin with to be looked at further, and the same in base64, whose last digit here has bits of what follows. */
const beginning = /^(?:-----BEGIN |eyJ|\{)/;
const beginningInBase64 = /^(?:LS0tLS1CRUdJTi|ZXlK|e[w-z0-9+/])/;
/** Longer than any chain of certificates or list of logins; what is longer is not described. */
const longestDescribed = 65_536;

/** A description of a text, with the colon before it; empty where there is nothing to tell. Total. */
export function describeText(text: string): string {
  if (text.length > longestDescribed || !beginning.test(text)) return '';
  const description = describePem(text) ?? describeJwt(text) ?? describeLogins(text);
  return description === undefined ? '' : `:${description}`;
}

/** The same of a value in base64, as in a Secret's `data`. */
export function describeData(base64: string): string {
  if (base64.length > longestDescribed || !beginningInBase64.test(base64)) return '';
  return describeText(textOf(bytesOfBase64(base64)));
}

function describePem(text: string): string | undefined {
  const [, label = '', body = ''] = /^-----BEGIN ([A-Z0-9 ]{1,60})-----([A-Za-z0-9+/=\s]{0,16384})/.exec(text) ?? [];
  if (label.includes('PRIVATE KEY')) return 'private-key';
  if (label !== 'CERTIFICATE') return undefined;
  const until = endOfValidity(bytesOfBase64(body));
  return until === undefined ? undefined : `certificate-until-${until}`;
}

const sequence = 0x30;
/** DER's tags of the two ways to write a time, with the length of each, and its digits of the year. */
const times: Readonly<Record<number, { length: number; yearDigits: number }>> = {
  0x17: { length: 13, yearDigits: 2 },
  0x18: { length: 15, yearDigits: 4 },
};

/** The day on which a certificate ends: the second of the two times beside each other. Source: RFC 5280, section 4.1.2.5. */
function endOfValidity(der: readonly number[]): string | undefined {
  for (let at = 0; at + 4 < der.length; at += 1) {
    if (der[at] !== sequence) continue;
    const first = times[der[at + 2] ?? 0];
    if (first === undefined || der[at + 3] !== first.length) continue;
    const second = at + 4 + first.length;
    const kind = times[der[second] ?? 0];
    if (kind === undefined || der[second + 1] !== kind.length) continue;
    const digits = textOf(der.slice(second + 2, second + 2 + kind.yearDigits + 4));
    if (!/^\d+$/.test(digits)) continue;
    // RFC 5280: two digits from 50 on are of the last century.
    const year =
      kind.yearDigits === 4
        ? digits.slice(0, 4)
        : `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits.slice(0, 2)}`;
    return `${year}-${digits.slice(-4, -2)}-${digits.slice(-2)}`;
  }
  return undefined;
}

function describeJwt(text: string): string | undefined {
  const [, payload] = /^eyJ[\w-]{4,4096}\.([\w-]{4,16384})\.[\w-]*\s*$/.exec(text) ?? [];
  if (payload === undefined) return undefined;
  const claims = parsed(textOf(bytesOfBase64(payload)));
  const until = isJsonObject(claims) && typeof claims.exp === 'number' ? dayOf(claims.exp) : undefined;
  return until === undefined ? undefined : `jwt-until-${until}`;
}

/** Seconds since 1970; undefined for what is no day of four-digit years. */
function dayOf(seconds: number): string | undefined {
  const day = Number.isFinite(seconds) && Math.abs(seconds) < 8e12 ? new Date(seconds * 1_000).toISOString() : '';
  return /^\d{4}-/.test(day) ? day.slice(0, 10) : undefined;
}

/** `.dockerconfigjson`: the first registry that it logs in to. */
function describeLogins(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  const config = parsed(text);
  const auths = isJsonObject(config) ? config.auths : undefined;
  if (!isJsonObject(auths)) return undefined;
  const [, host] =
    /^(?:https?:\/\/)?([a-z0-9](?:[a-z0-9.-]{0,78}[a-z0-9])?)(?:[:/].*)?$/.exec(Object.keys(auths)[0] ?? '') ?? [];
  return host === undefined ? undefined : `registry-${host}`;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

function textOf(bytes: readonly number[]): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
