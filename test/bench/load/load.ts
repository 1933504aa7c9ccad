import { fork } from 'node:child_process';
import { join } from 'node:path';

/** One kind of request. `{client}` and `{value}` in path and body stand for the client's number and a value never used before. */
export interface Call {
  /** Stands in front of the answer's code in {@link LoadResult.answers}. */
  name: string;
  method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  path: string;
  /** Of the body; there is none without it. */
  contentType?: string;
  body?: string;
}

/** Work for one slot: so many clients, each sending its next request when its last is answered (a closed loop). */
export interface LoadOrder {
  /** http or https. */
  url: string;
  caFile: string;
  /** Empty: none is sent. */
  token: string;
  clients: number;
  /** Sent in turn. */
  calls: readonly Call[];
  /** At first, and counted among the answers only. */
  warmUpMs: number;
  durationMs: number;
}

export interface LoadResult {
  /** From before a request is made until the last byte of its answer. */
  latenciesMs: number[];
  /** From the end of the warm-up to the last answer. */
  elapsedMs: number;
  /** Of the clients' process, in that time. */
  cpuMs: number;
  /** `deployment 200` → how many, the warm-up's included. */
  answers: Record<string, number>;
}

export interface Load {
  readonly pid: number;
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): void;
}

/** Starts the clients' process. */
export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, 'load-process.ts'), { serialization: 'advanced' });
  const { pid } = child;
  if (pid === undefined) throw new Error('the process of the clients could not be started');
  return {
    pid,
    run: (order) =>
      new Promise((resolve, reject) => {
        const ended = (): void => reject(new Error('the process of the clients ended'));
        child.once('exit', ended);
        child.once('message', (result) => {
          child.off('exit', ended);
          resolve(result as LoadResult);
        });
        child.send(order);
      }),
    stop: () => child.disconnect(),
  };
}
