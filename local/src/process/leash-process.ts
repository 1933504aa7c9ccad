/** The other end of leash.ts: run as a process of its own, with the folder to remove as its only argument. */
import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { markName, type LeashMessage } from './leash.ts';

/** A killed process is gone within milliseconds, unless it hangs in the kernel: then waiting longer is of no use. */
const goneWithinMs = 2_000;
const pollMs = 20;

const folder = process.argv[2];
const held = new Set<number>();
const owned = new Set<string>();

// Nothing but the end of the pipe ends the leash: it must outlive whoever is signalled in a terminal.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as LeashMessage;
  if ('hold' in message) held.add(message.hold);
  else if ('letGo' in message) held.delete(message.letGo);
  else owned.add(message.own);
}

for (const pid of held) signalGroup(pid, 'SIGKILL');
// Whoever holds the other end can die between starting a process and reporting it. The pipe stays open until that process
// has become its own program, mark included, so that it is seen here; as is what has left its process group.
if (folder !== undefined) {
  for (const pid of markedWith(folder)) {
    held.add(pid);
    signalProcess(pid);
  }
}
// A process that still runs would write into the folder while it is being removed.
const deadline = Date.now() + goneWithinMs;
while (Date.now() < deadline && [...held].some((pid) => signalGroup(pid, 0))) await sleep(pollMs);
if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
// The newest first: a folder is owned before what is put in it.
for (const path of [...owned].reverse()) removeOwned(path);

/** False when there is no such group any more. */
function signalGroup(pid: number, signal: 'SIGKILL' | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Every process that was started on this leash. None where there is no /proc: there, what was reported must do. */
function markedWith(folder: string): number[] {
  const mark = `${markName}=${folder}`;
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => environmentOf(name).includes(mark))
      .map(Number);
  } catch {
    return [];
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // It ended meanwhile, or is somebody else's.
  }
}

function signalProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended a moment ago.
  }
}

function removeOwned(path: string): void {
  try {
    if (lstatSync(path).isDirectory()) rmdirSync(path);
    else rmSync(path);
  } catch {
    // It is gone already, or somebody keeps files of their own in it.
  }
}
