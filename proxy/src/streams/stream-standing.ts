import {
  connectOf,
  endOfFooting,
  evaluateRead,
  execRecordingOf,
  footingOf,
  type CompiledPolicy,
  type Grant,
} from '@holdpoint/core';
import { queryValues, type ProxyRequest } from '../request/proxy-request.ts';

/** Why a session may not go on; undefined while it may. */
export type Standing = () => string | undefined;

export interface StandingParts {
  /** As they are now. */
  policies: () => readonly CompiledPolicy[];
  grants: () => readonly Grant[];
  aggregatedGroups: () => ReadonlySet<string>;
  now: () => number;
}

/** What is known of a session when it is opened. */
export interface OpenedAs {
  request: ProxyRequest;
  isTerminal: boolean;
  isRecorded: boolean;
  /** A person approved this very request. */
  wasHeld: boolean;
}

/**
 * Asks of open sessions what was asked when they were opened: may this user read this, is it denied, is the grant still there,
 * is a recording required that there is none of.
 */
export function createStandings(parts: StandingParts): (opened: OpenedAs) => Standing {
  return ({ request, isTerminal, isRecorded, wasHeld }) => {
    const { user, info, url } = request;
    const write = connectOf(user, info, connectOptionsOf(url));
    const footing = footingOf(parts.policies(), parts.grants(), write, wasHeld, parts.now());
    return () => {
      const read = evaluateRead(parts.policies(), user, request, parts.aggregatedGroups());
      if (read.action === 'Deny') return read.message;
      if (isTerminal && !isRecorded && execRecordingOf(parts.policies(), user) === 'Required') {
        return 'it must be recorded now, and is not';
      }
      return endOfFooting(footing, parts.policies(), parts.grants(), write, parts.now());
    };
  };
}

function connectOptionsOf(url: string): Parameters<typeof connectOf>[2] {
  const isSet = (name: string): boolean => ['true', '1'].includes(queryValues(url, name)[0] ?? '');
  return {
    container: queryValues(url, 'container')[0] ?? '',
    command: queryValues(url, 'command'),
    stdin: isSet('stdin'),
    stdout: isSet('stdout'),
    stderr: isSet('stderr'),
    tty: isSet('tty'),
  };
}
