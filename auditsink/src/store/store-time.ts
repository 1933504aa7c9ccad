/**
 * A time as the store writes it, with milliseconds, in UTC; never earlier than `floor`. These texts sort as their times do,
 * and clocks step back.
 */
export function storeTimeOf(nowMs: number, floor = ''): string {
  const time = new Date(nowMs).toISOString().replace('T', ' ').slice(0, 23);
  return time < floor ? floor : time;
}
