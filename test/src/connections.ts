import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How many TCP connections a process has to a port on this machine, as the kernel counts them (Linux). */
export function connectionsTo(pid: number, port: number): number {
  return openConnections(pid, port).length;
}

/** How many of them the kernel asks, as time passes, whether the peer is still there. */
export function probedConnections(pid: number, port: number): number {
  return openConnections(pid, port).filter(({ timer }) => timer === 'keepalive').length;
}

/** Source: net/ipv4/tcp_ipv4.c, get_tcp4_sock: the kind of timer that is running. */
const timers: Readonly<Record<string, string>> = { '01': 'retransmission', '02': 'keepalive' };

function openConnections(pid: number, port: number): { timer: string | undefined }[] {
  const inodes = new Set(
    readdirSync(`/proc/${String(pid)}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${String(pid)}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // Closed since it was listed.
      }
    }),
  );
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync(`/proc/${String(pid)}/net/tcp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , to, state, , , , , , inode]) => state === '01' && to?.endsWith(remote) === true && inodes.has(inode ?? ''),
    )
    .map(([, , , , , timer = '']) => ({ timer: timers[timer.split(':')[0] ?? ''] }));
}

/** Resident memory of a process, in bytes (Linux). */
export function residentBytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1_024;
}
