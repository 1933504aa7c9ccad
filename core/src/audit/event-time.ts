const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-]\d\d):(\d\d))$/;

/**
 * An RFC 3339 time as the store writes it, in UTC with microseconds: `2026-05-04 10:11:12.000345`. These texts sort as
 * their times do. Undefined for what is no time, or lies outside what the store can hold.
 */
export function toStoreTime(text: string): string | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, day = '', clock = '', fraction = '', offsetHours, offsetMinutes = '00'] = match;
  // Date counts milliseconds; the fraction is carried over as text, so that no microsecond is lost.
  const shift = offsetHours === undefined ? 'Z' : `${offsetHours}:${offsetMinutes}`;
  const ms = Date.parse(`${day}T${clock}${shift}`);
  if (Number.isNaN(ms)) return undefined;
  const utc = new Date(ms).toISOString();
  // DateTime64(6) reaches to 2299; before 1970 there was no Kubernetes.
  if (!/^(?:19[7-9]\d|20\d\d|21\d\d|22\d\d)-/.test(utc)) return undefined;
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}.${fraction.padEnd(6, '0').slice(0, 6)}`;
}
