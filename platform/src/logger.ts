import { pino } from 'pino';

/** Messages are constants, so that they can be searched and counted; what varies goes into fields. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Header and field names whose values never reach a log line. */
const redacted = ['authorization', 'token', 'password', '*.authorization', '*.token', '*.password'];

/** A JSON logger to stderr. `level` is pino's: debug, info, warn, error. */
export function createLogger(service: string, level = 'info'): Logger {
  return pino(
    { base: { service }, level, redact: redacted, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}
