/**
 * A span of time as kubectl's AGE column writes it: `42s`, `5m10s`, `3h5m`, `2d`; `<unknown>` for what is no time. Source:
 * k8s.io/apimachinery util/duration HumanDuration.
 */
export function formatSpan(ms: number): string {
  if (!Number.isFinite(ms)) return '<unknown>';
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${String(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${String(minutes)}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${String(hours)}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${String(days)}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${String(years)}y`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return `${String(large)}${largeUnit}${small === 0 ? '' : `${String(small)}${smallUnit}`}`;
}
