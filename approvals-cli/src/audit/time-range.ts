import { HoldpointError, parseDurationSeconds, toStoreTime } from '@holdpoint/core';

/**
 * A time as the store compares it: from an RFC 3339 time, or a span such as `2h` or `7d` before now.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export function parseMoment(flag: string, text: string, nowMs: number): string {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const seconds = days === undefined ? parseDurationSeconds(text) : Number(days) * 86_400;
  const time = toStoreTime(seconds === undefined ? text : new Date(nowMs - seconds * 1_000).toISOString());
  if (time === undefined) {
    const message = `${flag} ${text}: expected a span such as 90s, 2h or 7d, or a time such as 2026-05-04T10:00:00Z`;
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
  return time;
}
