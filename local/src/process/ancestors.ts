import { readFileSync } from 'node:fs';

/** The npm processes above us, and the shells between them. None where there is no /proc, or no npm. */
export function npmAncestors(): number[] {
  const found: number[] = [];
  let sinceNpm: number[] = [];
  for (let pid = process.ppid; pid > 1;) {
    const ancestor = readAncestor(pid);
    if (ancestor === undefined) break;
    sinceNpm.push(pid);
    if (/\bnpm\b/.test(ancestor.command)) {
      found.push(...sinceNpm);
      sinceNpm = [];
    } else if (!/^(\S*\/)?(ba|da)?sh\0-c\0/.test(ancestor.command)) {
      break;
    }
    pid = ancestor.parent;
  }
  return found;
}

/** True while there is such a process. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readAncestor(pid: number): { command: string; parent: number } | undefined {
  try {
    const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // `pid (name) state ppid …`; the name may hold anything, parentheses too.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return Number.isInteger(parent) ? { command, parent } : undefined;
  } catch {
    return undefined;
  }
}
