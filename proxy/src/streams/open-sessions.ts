import { failureStatus, type Status } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import type { OpenedAs, Standing } from './stream-standing.ts';

/** A session while it lasts. */
export interface OpenSession {
  /** Aborted, with a Status as its reason, when the session may not go on. */
  revoked: AbortSignal;
  close(): void;
}

/** Sessions that are open. What let them in may be taken back while they last: then they end. */
export interface OpenSessions {
  open(opened: OpenedAs): OpenSession;
  /** Asks of every session whether it may go on. To be called when a policy or a grant has changed, and as time passes. */
  review(): void;
}

export function createOpenSessions(standingOf: (opened: OpenedAs) => Standing, logger: Logger): OpenSessions {
  const sessions = new Map<AbortController, { opened: OpenedAs; standing: Standing }>();
  return {
    open(opened) {
      const controller = new AbortController();
      sessions.set(controller, { opened, standing: standingOf(opened) });
      return { revoked: controller.signal, close: () => sessions.delete(controller) };
    },
    review() {
      for (const [controller, { opened, standing }] of sessions) {
        const reason = standing();
        if (reason === undefined) continue;
        sessions.delete(controller);
        const { user, info } = opened.request;
        const { namespace, name, subresource } = info;
        logger.info({ username: user.username, namespace, pod: name, subresource, reason }, 'session cut');
        controller.abort(endedStatus(subresource, reason));
      }
    },
  };
}

function endedStatus(what: string, reason: string): Status {
  return failureStatus(403, `this ${what} session was ended: ${reason}`);
}
