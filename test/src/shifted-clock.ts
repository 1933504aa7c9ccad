/** Loaded before a service (`node --import 'shifted-clock.ts?ms=-1000'`): its clock is that much off. */
const shiftMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const { now } = Date;

Date.now = () => now() + shiftMs;
