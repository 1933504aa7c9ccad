/**
 * Loaded before the audit sink (`node --import`): ends the process, as SIGKILL does, when it reaches a step for the n-th time.
 * `HOLDPOINT_TEST_CRASH_AT=synced:3`. The sink tells its steps on a diagnostics channel that nobody else listens to.
 */
import { subscribe } from 'node:diagnostics_channel';

const [step, nth] = (process.env['HOLDPOINT_TEST_CRASH_AT'] ?? '').split(':');
let left = Number(nth);
subscribe('holdpoint.auditsink.step', (reached) => {
  if (reached !== step) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
