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

/** CPU time of the whole machine since it started, and how much of it was not idle. Source: proc_stat(5). */
export function parseMachineUsage(stat: string): { totalMs: number; busyMs: number } {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  // user nice system idle iowait irq softirq steal; a guest's time is in user's already.
  const counted = fields.slice(0, 8);
  const total = counted.reduce((sum, each) => sum + each, 0);
  const idle = (counted[3] ?? 0) + (counted[4] ?? 0);
  return { totalMs: total * tickMs, busyMs: (total - idle) * tickMs };
}

/**
 * Watches how busy the machine is with what is not ours. On a machine that does other things too, a difference of two
 * latencies says little: whoever reads the figures must be able to see that.
 *
 * @param pids ours, all of them alive until the end
 * @returns the others' share of the machine's time since then, from 0 to 1
 */
export function watchForeignShare(pids: readonly number[]): () => number {
  const now = () => ({
    machine: parseMachineUsage(readFileSync('/proc/stat', 'utf8')),
    oursMs: pids.reduce((sum, pid) => sum + usageOf(pid).cpuMs, 0),
  });
  const before = now();
  return () => {
    const after = now();
    const foreignMs = after.machine.busyMs - before.machine.busyMs - (after.oursMs - before.oursMs);
    return Math.max(0, foreignMs) / (after.machine.totalMs - before.machine.totalMs);
  };
}
