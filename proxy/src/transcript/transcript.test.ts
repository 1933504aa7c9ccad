import { expect, test } from '@jest/globals';
import { createTranscript, type TranscriptLimits } from './transcript.ts';

/** An audit sink that answers in turn; the last answer repeats. */
function createSink(...answers: (number | Error)[]) {
  const posts: { auditID?: string; left?: string }[][] = [];
  const post = async (body: Buffer): Promise<number> => {
    const answer = answers[Math.min(posts.length, answers.length - 1)] ?? 200;
    posts.push((JSON.parse(body.toString('utf8')) as { items: { auditID: string }[] }).items);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { post, posts };
}

function createTold(sink: ReturnType<typeof createSink>, limits: Partial<TranscriptLimits> = {}) {
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  const transcript = createTranscript({
    post: sink.post,
    leftOutEvent: ({ reason, requests }) => ({ left: `${String(requests)} ${reason}` }),
    observer: {
      sent: (events) => count('sent', events),
      leftOut: (reason, events) => count(reason, events),
      postFailed: () => count('failed'),
    },
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    now: () => 0,
    // Gathering takes until others had their turn.
    sleep: () => new Promise(setImmediate),
    limits,
  });
  return { transcript, counts };
}

const event = (auditID: string): { auditID: string } => ({ auditID });

test('what comes together goes together, in order', async () => {
  const sink = createSink(200);
  const { transcript, counts } = createTold(sink);
  for (const id of ['a', 'b', 'c']) transcript.add(event(id));
  expect(await transcript.close(1_000)).toBe(0);
  expect(sink.posts).toEqual([[event('a'), event('b'), event('c')]]);
  expect([counts, transcript.queued()]).toEqual([{ sent: 3 }, { events: 0, bytes: 0 }]);
});

test.each([
  { situation: 'by count', limits: { batchEvents: 2 } },
  { situation: 'by bytes', limits: { batchBytes: 2 * JSON.stringify(event('a')).length } },
  { situation: 'one that is larger than a batch goes alone', limits: { batchBytes: 1 }, wantPosts: 3 },
])('a batch is bounded: $situation', async ({ limits, wantPosts = 2 }) => {
  const sink = createSink(200);
  const { transcript } = createTold(sink, limits);
  for (const id of ['a', 'b', 'c']) transcript.add(event(id));
  await transcript.close(1_000);
  expect(sink.posts).toHaveLength(wantPosts);
  expect(sink.posts.flat()).toEqual([event('a'), event('b'), event('c')]);
});

test.each([
  { situation: 'is away', answers: [new Error('refused'), new Error('refused'), 200] },
  { situation: 'is full', answers: [503, 503, 200] },
  { situation: 'does not know our token yet', answers: [401, 401, 200] },
])('while the sink $situation, what was said waits, and is said in the same words', async ({ answers }) => {
  const sink = createSink(...answers);
  const { transcript, counts } = createTold(sink);
  transcript.add(event('a'));
  await transcript.close(10_000);
  expect(sink.posts).toEqual([[event('a')], [event('a')], [event('a')]]);
  expect(counts).toEqual({ failed: 2, sent: 1 });
});

test('what the sink refuses for good does not keep back what is behind it, and is told of as left out', async () => {
  const sink = createSink(413, 200);
  const { transcript, counts } = createTold(sink, { batchEvents: 1 });
  for (const id of ['a', 'b']) transcript.add(event(id));
  await transcript.close(10_000);
  expect(sink.posts.flat()).toEqual([event('a'), event('b'), { left: '1 refused-by-sink' }]);
  expect(counts).toEqual({ 'refused-by-sink': 1, sent: 2 });
});

test.each([
  { situation: 'by count', limits: { maxEvents: 2 } },
  { situation: 'by bytes', limits: { maxBytes: 2 * JSON.stringify(event('a')).length } },
])('what finds no room is counted, and the count is said: $situation', async ({ limits }) => {
  const sink = createSink(200);
  const { transcript, counts } = createTold(sink, { ...limits, batchEvents: 2 });
  for (const id of ['a', 'b', 'c', 'd']) transcript.add(event(id));
  expect(transcript.queued().events).toBe(2);
  await transcript.close(1_000);
  expect(sink.posts.flat()).toEqual([event('a'), event('b'), { left: '2 queue-full' }]);
  expect(counts).toEqual({ 'queue-full': 2, sent: 3 });
});

test('what is not to be told one by one is told by its number', async () => {
  const sink = createSink(200);
  const { transcript } = createTold(sink);
  for (let i = 0; i < 5; i += 1) transcript.leaveOut('unauthenticated-flood');
  await transcript.close(1_000);
  expect(sink.posts.flat()).toEqual([{ left: '5 unauthenticated-flood' }]);
});

test('closing gives up after its time, and says what was left', async () => {
  const sink = createSink(503);
  const { transcript, counts } = createTold(sink);
  transcript.add(event('a'));
  expect(await transcript.close(20)).toBe(1);
  expect(counts).toMatchObject({ ended: 1 });
});
