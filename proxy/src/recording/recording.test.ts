import { expect, test } from '@jest/globals';
import type { RecordingBatch, RecordingStart } from './asciicast.ts';
import { openRecording } from './recording.ts';

const start: RecordingStart = {
  recordingId: 'r',
  auditId: 'a',
  session: 's',
  username: 'coding-agent',
  namespace: 'prod',
  pod: 'p',
  container: 'c',
  command: ['sh'],
  startedAt: '2026-01-01T00:00:00.000Z',
  width: 80,
  height: 24,
};
const now = (): string => '2026-01-01T00:00:09.000Z';

/** A recorder whose answers the test gives, one at a time. */
function createSlowRecorder(): {
  batches: RecordingBatch[];
  store: (batch: RecordingBatch) => Promise<void>;
  answer: (error?: Error) => void;
} {
  const batches: RecordingBatch[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    batches,
    store: (batch) =>
      new Promise((resolve, reject) => {
        batches.push(batch);
        waiting.push({ resolve, reject });
      }),
    answer(error) {
      const next = waiting.shift();
      if (error === undefined) next?.resolve();
      else next?.reject(error);
    },
  };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('begins, batches what comes while one is on its way, keeps the order, and ends', async () => {
  const recorder = createSlowRecorder();
  const opening = openRecording(recorder, start, now);
  recorder.answer();
  const recording = await opening;
  const first = recording.add([[1, 'o', 'a']]);
  await turn();
  const second = recording.add([[2, 'o', 'b']]);
  const third = recording.add([[3, 'i', 'c']]);
  await turn();
  expect(recorder.batches.length).toBe(2);
  recorder.answer();
  await first;
  await turn();
  recorder.answer();
  await Promise.all([second, third]);
  const ended = recording.end();
  await turn();
  recorder.answer();
  expect(await ended).toBe(true);
  expect(recorder.batches).toEqual([
    { ...start, sequence: 0, frames: [] },
    { ...start, sequence: 1, frames: [[1, 'o', 'a']] },
    {
      ...start,
      sequence: 2,
      frames: [
        [2, 'o', 'b'],
        [3, 'i', 'c'],
      ],
    },
    { ...start, sequence: 3, frames: [], endedAt: now() },
  ]);
});

test('does not begin without the recorder', async () => {
  const recorder = createSlowRecorder();
  const opening = openRecording(recorder, start, now);
  recorder.answer(new Error('gone'));
  await expect(opening).rejects.toThrow('gone');
});

test('once a batch is lost, nothing more is acknowledged, and the end says so', async () => {
  const recorder = createSlowRecorder();
  const opening = openRecording(recorder, start, now);
  recorder.answer();
  const recording = await opening;
  const first = recording.add([[1, 'o', 'a']]);
  await turn();
  recorder.answer(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await expect(recording.add([[2, 'o', 'b']])).rejects.toThrow('gone');
  expect(await recording.end()).toBe(false);
  expect(recorder.batches.length).toBe(2);
});
