/** One call as the API server tells of it, in the few words that a test says. */
export interface SeededCall {
  id: string;
  /** Seconds after the session's beginning. */
  at: number;
  verb: string;
  uri: string;
  ref?: object;
  code?: number;
  status?: object;
  request?: unknown;
  response?: unknown;
  annotations?: Readonly<Record<string, string>>;
  command?: string;
  invocation?: string;
  requestId?: string;
  session?: string;
  /** Another than the agent, and not through the proxy. */
  by?: string;
  stage?: string;
}

const start = Date.parse('2026-05-04T10:00:00Z');

export const timeOf = (seconds: number): string => new Date(start + seconds * 1_000).toISOString();

/** What the API server's audit webhook posts. */
export function sessionEvents(calls: readonly SeededCall[]): string {
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: calls.map(eventOf) });
}

function eventOf(call: SeededCall): object {
  const { id, at, verb, uri, ref, code = 200, status = {}, request, response, annotations = {}, by } = call;
  const extra = {
    'holdpoint.dev/session': [call.session ?? 's-1'],
    ...(call.command === undefined ? {} : { 'holdpoint.dev/command': [call.command] }),
    ...(call.invocation === undefined ? {} : { 'holdpoint.dev/invocation': [call.invocation] }),
    ...(call.requestId === undefined ? {} : { 'holdpoint.dev/request': [call.requestId] }),
    'holdpoint.dev/on-behalf-of': ['carol'],
  };
  return {
    ...{ kind: 'Event', level: 'RequestResponse', auditID: id, stage: call.stage ?? 'ResponseComplete', verb },
    requestURI: uri,
    ...(by === undefined
      ? {
          user: {
            username: 'system:serviceaccount:holdpoint-system:holdpoint-proxy',
            groups: ['system:authenticated'],
          },
          impersonatedUser: { username: 'coding-agent', groups: ['ai-agents'], extra },
        }
      : { user: { username: by, groups: ['system:authenticated'] } }),
    ...{ sourceIPs: ['127.0.0.1'], userAgent: 'kubectl/v1.36.0' },
    ...(ref === undefined ? {} : { objectRef: { apiVersion: 'v1', ...ref } }),
    responseStatus: { metadata: {}, code, ...status },
    ...(request === undefined ? {} : { requestObject: request }),
    ...(response === undefined ? {} : { responseObject: response }),
    requestReceivedTimestamp: timeOf(at),
    stageTimestamp: timeOf(at + 0.05),
    annotations,
  };
}

export interface SeededTerminal {
  id: string;
  auditId: string;
  at: number;
  command: string[];
  frames: [number, string, string][];
  session?: string;
  pod?: string;
}

/** What the proxy posts of one terminal. */
export function recordingBatches({ id, auditId, at, command, frames, session, pod }: SeededTerminal): string {
  const start = {
    ...{ recordingId: id, auditId, session: session ?? 's-1', username: 'coding-agent', namespace: 'prod' },
    ...{ pod: pod ?? 'web-0', container: 'web', command, startedAt: timeOf(at), width: 80, height: 24 },
  };
  const recordings = [
    { ...start, sequence: 0, frames: [] },
    { ...start, sequence: 1, frames },
    { ...start, sequence: 2, frames: [], endedAt: timeOf(at + 5) },
  ];
  return JSON.stringify({ recordings });
}
