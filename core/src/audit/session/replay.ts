import type { Change } from '../../holds/hold.ts';
import { isJsonObject, type JsonObject } from '../../kubernetes/object.ts';
import { changeOfCall, createKnownObjects, isConnect, writeVerbs, type RecordedChange } from './recorded-change.ts';
import { isDryRun, objectIn, storeTimeMs, type RecordedCall } from './recorded-call.ts';

/**
 * How a session is told: its calls, which come one by one in the order of time, are gathered behind the command that made
 * them, and what says nothing is counted instead of told.
 *
 * The commands and their ids are the client's own words, and a client may be hostile: it may send one id with everything,
 * or another with every call. So what is open at a time is bounded, whatever they say; what is cut goes on as `continued`.
 */

/** One request that matters, however often it was sent. */
export interface ReplayStep {
  /** As the store writes times: when it was first asked, and when the last answer was given. */
  askedAt: string;
  answeredAt: string;
  auditIds: string[];
  tries: number;
  verb: string;
  apiGroup: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  dryRun: boolean;
  code: number;
  reason: string;
  message: string;
  /** The webhook's verdict on it. Empty where it gave none. */
  decision: string;
  policy: string;
  rule: string;
  hold: string;
  grant: string;
  change: RecordedChange | undefined;
  /** What is wrong with it, in words for a person. */
  alarms: string[];
}

/** What one command did. */
export interface ReplayGroup {
  /** The client's own words; empty where it gave none. */
  command: string;
  invocation: string;
  userAgent: string;
  username: string;
  onBehalfOf: string;
  startedAt: string;
  endedAt: string;
  /** True when an earlier group of the same command was told already. */
  continued: boolean;
  steps: ReplayStep[];
  folded: { discovery: number; reads: number; repeats: number };
}

export interface Replay {
  /** Groups that are complete, in the order of their beginning. */
  add(call: RecordedCall): ReplayGroup[];
  /** Everything that is still open; more may be added afterwards. */
  flush(): ReplayGroup[];
}

/** Without an id, calls with the same command belong together when they come within this time: kubectl's own pauses are short. */
const sameCommandMs = 10_000;
/** Longer, while a write waits for a person: as long as a hold usually waits. */
const heldCommandMs = 60 * 60_000;
/** With an id: a kubectl that runs longer between two calls than this is told in two parts. */
const invocationMs = 60 * 60_000;
const mostOpenGroups = 64;
const mostSteps = 200;
/** Of what is only counted: two tellers of one request come within moments of each other. */
const mostCounted = 2_000;
/** Distinct reads of a command that does nothing else. */
const mostReads = 20;
/** Of all that is open, in characters of the bodies behind it. */
const mostOpenBodies = 16 * 1024 * 1024;

interface Sent {
  step: ReplayStep;
  source: RecordedCall['source'];
}

interface OpenGroup {
  key: string;
  group: ReplayGroup;
  lastMs: number;
  reads: Map<string, { step: ReplayStep; times: number }>;
  furtherReads: number;
  /** By what tells that a request is sent again. */
  sent: Map<string, Sent>;
  /** Of what is only counted: whether the proxy told of it, by audit id. */
  counted: Map<string, boolean>;
  size: number;
  closed: boolean;
}

export function createReplay(): Replay {
  const known = createKnownObjects();
  /** In the order of their beginning; a closed one waits for those before it. */
  let open: OpenGroup[] = [];
  const told = new Set<string>();

  const leading = (): ReplayGroup[] => {
    const first = open.findIndex(({ closed }) => !closed);
    const ready = open.splice(0, first === -1 ? open.length : first);
    return ready.map(finish);
  };
  const close = (each: OpenGroup): void => {
    each.closed = true;
    if (each.key !== '') told.add(each.key);
    // A hostile client could name a million ids: what is forgotten is only the word "continued".
    if (told.size > 10_000) told.clear();
  };

  return {
    add(call) {
      const nowMs = storeTimeMs(call.event_time);
      for (const each of open) if (!each.closed && nowMs - each.lastMs > patienceOf(each)) close(each);
      const key = keyOf(call);
      let mine = open.find((each) => !each.closed && each.key === key);
      if (mine === undefined) {
        mine = openGroup(call, key, told.has(key));
        open.push(mine);
      }
      take(mine, call, known);
      mine.lastMs = Math.max(nowMs, mine.lastMs);
      if (mine.group.steps.length >= mostSteps) close(mine);
      const living = open.filter(({ closed }) => !closed);
      if (living.length > mostOpenGroups && living[0] !== undefined) close(living[0]);
      if (open.reduce((sum, { size }) => sum + size, 0) > mostOpenBodies) for (const each of living) close(each);
      return leading();
    },
    flush() {
      for (const each of open) close(each);
      const all = open;
      open = [];
      return all.map(finish);
    },
  };
}

function keyOf({ invocation, command, user_agent }: RecordedCall): string {
  if (invocation !== '') return `invocation ${invocation}`;
  return command === '' ? `client ${user_agent}` : `command ${command}`;
}

function patienceOf({ key, group }: OpenGroup): number {
  if (key.startsWith('invocation ')) return invocationMs;
  const last = group.steps.at(-1);
  return last?.decision === 'hold' && last.code === 429 ? heldCommandMs : sameCommandMs;
}

function openGroup(call: RecordedCall, key: string, continued: boolean): OpenGroup {
  return {
    key,
    group: {
      command: call.command,
      invocation: call.invocation,
      userAgent: call.user_agent,
      username: call.username,
      onBehalfOf: call.on_behalf_of,
      startedAt: call.event_time,
      endedAt: call.stage_time,
      continued,
      steps: [],
      folded: { discovery: 0, reads: 0, repeats: 0 },
    },
    lastMs: storeTimeMs(call.event_time),
    reads: new Map(),
    furtherReads: 0,
    sent: new Map(),
    counted: new Map(),
    size: 0,
    closed: false,
  };
}

function take(open: OpenGroup, call: RecordedCall, known: ReturnType<typeof createKnownObjects>): void {
  const { group } = open;
  if (call.stage_time > group.endedAt) group.endedAt = call.stage_time;
  if (group.command === '') group.command = call.command;
  const before = known.before(call);
  // The proxy tells without bodies: what it says of a write would only make forgotten what was there before it.
  if (call.source !== 'proxy') known.note(call);
  switch (kindOf(call)) {
    case 'discovery':
      if (!isToldAlready(open, call)) group.folded.discovery += 1;
      return;
    case 'read': {
      if (isToldAlready(open, call)) return;
      const { verb, api_group, resource, subresource, namespace, name } = call;
      const key = [verb, api_group, resource, subresource, namespace, name].join('\n');
      const seen = open.reads.get(key);
      if (seen !== undefined) {
        seen.times += 1;
        seen.step.code = call.code;
        seen.step.answeredAt = call.stage_time;
      } else if (open.reads.size < mostReads) open.reads.set(key, { step: stepOf(call, undefined), times: 1 });
      else open.furtherReads += 1;
      return;
    }
    case 'step':
      takeStep(open, call, before);
  }
}

/** True when the other teller of this request, the proxy or the API server, was heard before. */
function isToldAlready({ counted }: OpenGroup, { audit_id, source }: RecordedCall): boolean {
  const byProxy = source === 'proxy';
  const before = counted.get(audit_id);
  if (before !== undefined) return before !== byProxy;
  if (counted.size >= mostCounted) counted.clear();
  counted.set(audit_id, byProxy);
  return false;
}

function takeStep(open: OpenGroup, call: RecordedCall, before: JsonObject | undefined): void {
  const { sent, group } = open;
  const what = `${call.verb}\n${call.request_uri.split('?')[0] ?? ''}`;
  const auditKey = `audit ${call.audit_id}\n${what}`;
  // The proxy tells of what the API server tells of, too: once is enough, and the API server's word stands. Two of the API
  // server's with one id, which is the client's to choose, stay two.
  const twin = sent.get(auditKey);
  if (twin !== undefined && (call.source === 'proxy') !== (twin.source === 'proxy')) {
    if (twin.source === 'proxy') standInFor(twin.step, call, before);
    twin.source = 'apiserver';
    return;
  }
  const keys = [
    ...(call.request_id === '' ? [] : [`request ${call.request_id}\n${what}`]),
    ...(call.hold === '' ? [] : [`hold ${call.hold}\n${what}`]),
  ];
  const known = keys.flatMap((key) => sent.get(key) ?? []);
  // What has been answered for good is not sent again: the same once more is another request, which nobody may overlook.
  const again = known.find((each) => isUnanswered(each.step));
  // The proxy tells of a request once, from its beginning to its end; the API server of each time it was sent.
  const whole = known.find(({ source }) => source === 'proxy' && call.source !== 'proxy');
  const step = (again ?? whole)?.step ?? stepOf(call, changeOfCall(call, before));
  if (again !== undefined) sendAgain(step, call, before);
  else if (whole !== undefined) addEarlierTry(step, call, before);
  else group.steps.push(step);
  open.size += call.request_body.length + call.response_body.length + call.message.length + call.request_uri.length;
  sent.set(auditKey, { step, source: call.source });
  const source = whole === undefined ? call.source : 'proxy';
  for (const key of keys) sent.set(key, { step, source });
}

function isUnanswered({ code }: ReplayStep): boolean {
  return code === 429 || code >= 500 || code === 0;
}

/** The answer that counts is the last one; who asked first is when it began. */
function sendAgain(step: ReplayStep, call: RecordedCall, before: JsonObject | undefined): void {
  const next = stepOf(call, changeOfCall(call, before));
  const alarms = [...new Set([...step.alarms, ...next.alarms])];
  const change = next.change === undefined || next.change.type === 'Unknown' ? step.change : next.change;
  Object.assign(step, next, {
    askedAt: step.askedAt,
    auditIds: [...step.auditIds, ...next.auditIds].slice(-20),
    tries: step.tries + 1,
    hold: next.hold === '' ? step.hold : next.hold,
    rule: next.rule === '' ? step.rule : next.rule,
    policy: next.policy === '' ? step.policy : next.policy,
    alarms,
    change,
  });
}

/** The API server's word on what the proxy has told: it knows the bodies and the verdict. */
function standInFor(step: ReplayStep, call: RecordedCall, before: JsonObject | undefined): void {
  const { tries, auditIds } = step;
  sendAgain(step, call, before);
  Object.assign(step, { tries, auditIds });
}

/** One of the times that the request was sent before it was answered as the step says. */
function addEarlierTry(step: ReplayStep, call: RecordedCall, before: JsonObject | undefined): void {
  const { code, reason, message, decision, answeredAt } = step;
  sendAgain(step, call, before);
  Object.assign(step, { code, reason, message, decision, answeredAt });
}

function stepOf(call: RecordedCall, change: RecordedChange | undefined): ReplayStep {
  return {
    askedAt: call.event_time,
    answeredAt: call.stage_time,
    auditIds: [call.audit_id],
    tries: 1,
    verb: call.verb,
    apiGroup: call.api_group,
    resource: call.resource,
    subresource: call.subresource,
    namespace: call.namespace,
    name: call.name === '' ? nameIn(call) : call.name,
    dryRun: isDryRun(call),
    code: call.code,
    reason: call.reason,
    message: call.message,
    decision: call.decision,
    policy: call.policy,
    rule: call.rule,
    hold: call.hold,
    grant: call.grant_name,
    change,
    alarms: [
      ...(call.bypass === '' ? [] : [`looks as if it had gone past us: ${call.bypass}`]),
      ...(call.broken === '' ? [] : [call.broken]),
      ...(call.stage === 'Panic' ? ['the API server failed while it answered'] : []),
    ],
  };
}

/** A POST names its object in the body; a generated name only in the answer. */
function nameIn({ verb, request_body, response_body }: RecordedCall): string {
  if (verb !== 'create') return '';
  for (const body of [response_body, request_body]) {
    const { kind, metadata } = objectIn(body) ?? {};
    if (kind !== 'Status' && isJsonObject(metadata) && typeof metadata['name'] === 'string') return metadata['name'];
  }
  return '';
}

/** Asked by every kubectl, of the API server's own description. */
const discoveryPath = /^\/(?:apis?|openapi|version|healthz|readyz|livez)(?:[/?]|$)/;
const reviews = new Set([
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
  'localsubjectaccessreviews',
  'subjectaccessreviews',
]);

function kindOf(call: RecordedCall): 'discovery' | 'read' | 'step' {
  const { verb, resource, code } = call;
  if (call.bypass !== '' || call.broken !== '' || call.stage === 'Panic') return 'step';
  if (resource === '') return code < 400 && discoveryPath.test(call.request_uri) ? 'discovery' : 'step';
  if (reviews.has(resource) && verb === 'create' && code < 400) return 'discovery';
  if (writeVerbs.has(verb) || isConnect(call)) return 'step';
  // Who has seen a Secret is asked of every session; a refusal is an answer, "not found" is a question's.
  const isPlain = resource !== 'secrets' && call.decision === '';
  return isPlain && (code < 400 || code === 404 || code === 410) ? 'read' : 'step';
}

/** Reads tell something where a command does nothing else; beside writes they are how kubectl works. */
function finish({ group, reads, furtherReads }: OpenGroup): ReplayGroup {
  const all = [...reads.values()];
  if (group.steps.length > 0) {
    group.folded.reads = all.reduce((sum, { times }) => sum + times, 0) + furtherReads;
  } else {
    group.steps = all.map(({ step }) => step);
    group.folded.reads = furtherReads;
    group.folded.repeats = all.reduce((sum, { times }) => sum + times - 1, 0);
  }
  return group;
}

/** What became of a question to people, from the audit record of its hold. */
export interface HoldStory {
  hold: string;
  /** What they were shown. */
  change: Change | undefined;
  before: JsonObject | undefined;
  decisions: HoldDecision[];
}

export interface HoldDecision {
  by: string;
  verdict: 'approve' | 'deny';
  reason: string;
  /** As the store writes times. */
  at: string;
}

/** A step with what people said to it. */
export interface ToldStep extends ReplayStep {
  decisions: HoldDecision[];
  /** From the first try to the last decision; undefined for what waited for nobody. */
  waitedMs: number | undefined;
}

export function tellStep(step: ReplayStep, story: HoldStory | undefined): ToldStep {
  if (story === undefined) return { ...step, decisions: [], waitedMs: undefined };
  const last = story.decisions.at(-1);
  const waitedMs = last === undefined ? undefined : Math.max(0, storeTimeMs(last.at) - storeTimeMs(step.askedAt));
  const { change, before } = story;
  const shown: RecordedChange | undefined =
    change === undefined ? step.change : { type: 'Held', change, ...(before === undefined ? {} : { before }) };
  return { ...step, change: shown, decisions: story.decisions, waitedMs };
}
