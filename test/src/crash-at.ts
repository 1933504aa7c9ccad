/**
 * Loaded before a service (`node --import 'crash-at.ts?step=inserted&occurrence=2'`): ends the process by SIGKILL when it
 * reaches that step for that many times, between two things that it does.
 */
import { subscribe } from 'node:diagnostics_channel';

const wanted = new URL(import.meta.url).searchParams;
let left = Number(wanted.get('occurrence') ?? '1');

subscribe('holdpoint.auditsink.step', (step) => {
  if (step !== wanted.get('step')) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
