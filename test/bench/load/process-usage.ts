import { readFileSync } from 'node:fs';

/** What the kernel has counted of a process since it started. */
export interface ProcessUsage {
  cpuMs: number;
  rssBytes: number;
  /** The most that it ever was. */
  peakRssBytes: number;
}

/** USER_HZ: in a hundred's of a second whatever the kernel's own tick is. Source: proc(5), sysconf(_SC_CLK_TCK). */
const tickMs = 10;

/** Throws when there is no such process. */
export function usageOf(pid: number): ProcessUsage {
  return parseUsage(
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8'),
    readFileSync(`/proc/${String(pid)}/status`, 'utf8'),
  );
}

/** @param stat, status files of that name in /proc/PID. Source: proc_pid_stat(5), proc_pid_status(5) */
export function parseUsage(stat: string, status: string): ProcessUsage {
  // The second field is the command in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = [Number(fields[11]), Number(fields[12])];
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return {
    cpuMs: (utime + stime) * tickMs,
    rssBytes: kibibytes('VmRSS') * 1_024,
    peakRssBytes: kibibytes('VmHWM') * 1_024,
  };
}
