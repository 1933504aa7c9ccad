import type { ChildOptions } from '../process/child.ts';
import type { Leash } from '../process/leash.ts';
import { answersOk } from '../process/ready.ts';
import { supervise, type Supervised } from '../process/supervised.ts';

/** One of our services, kept running as a cluster would keep it. */
export interface Service extends Supervised {
  readonly url: string;
  /** True when it says now that it is ready. */
  ready(): Promise<boolean>;
}

const readyTimeoutMs = 60_000;

/** Starts a service and keeps it running, until it is stopped. Resolves when it is first ready. */
export async function superviseService(
  options: ChildOptions & { url: string; ca: string; readyPath: string },
  leash: Leash,
): Promise<Service> {
  const { url, ca, readyPath, ...child } = options;
  const readyUrl = `${url}${readyPath}`;
  const supervised = await supervise({ ...child, probe: { url: readyUrl, ca, timeoutMs: readyTimeoutMs } }, leash);
  return {
    ...supervised,
    // A getter: spreading would have frozen the first process id.
    get pid() {
      return supervised.pid;
    },
    url,
    ready: () => answersOk(readyUrl, ca),
  };
}
