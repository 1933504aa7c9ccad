import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { parseRecordings } from './recording.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const recording = {
  recordingId: 'r-1',
  auditId: 'a-1',
  session: 's-1',
  username: 'coding-agent',
  namespace: 'prod',
  pod: 'shop-0',
  container: 'shop',
  command: ['sh', '-c', 'ls'],
  startedAt: '2026-05-04T10:11:12Z',
  sequence: 3,
  width: 80,
  height: 24,
  frames: [
    [0.5, 'o', 'hello\r\n'],
    [1, 'i', 'x'],
  ],
};

test('a batch of frames', () => {
  expect(parseRecordings({ recordings: [recording] }, sha256)).toMatchObject([
    {
      recording_id: 'r-1',
      started_at: '2026-05-04 10:11:12.000000',
      command: ['sh', '-c', 'ls'],
      frames: [
        [0.5, 'o', 'hello\r\n'],
        [1, 'i', 'x'],
      ],
      ended_at: null,
    },
  ]);
});

test('the same batch again has the same identity; the next one has not', () => {
  const hash = (change: object): string | undefined =>
    parseRecordings({ recordings: [{ ...recording, ...change }] }, sha256)[0]?.event_hash;
  expect(hash({ frames: [] })).toBe(hash({}));
  expect(hash({ sequence: 4 })).not.toBe(hash({}));
  expect(hash({ recordingId: 'r-2' })).not.toBe(hash({}));
});

test.each([
  { situation: 'no list', body: {}, want: 'recordings: expected a list, got nothing' },
  {
    situation: 'an item that is none',
    body: { recordings: [1] },
    want: 'recordings[0]: expected an object, got number',
  },
  { situation: 'no id', change: { recordingId: '' }, want: 'recordings[0].recordingId: expected an id, got string' },
  {
    situation: 'a negative sequence',
    change: { sequence: -1 },
    want: 'recordings[0].sequence: expected a whole number of 32 bits, got number',
  },
  {
    situation: 'half a sequence',
    change: { sequence: 0.5 },
    want: 'recordings[0].sequence: expected a whole number of 32 bits, got number',
  },
  {
    situation: 'a width past its column',
    change: { width: 70_000 },
    want: 'recordings[0].width: expected a terminal size, got number',
  },
  {
    situation: 'a command that is a text',
    change: { command: 'sh' },
    want: 'recordings[0].command: expected a list, got string',
  },
  {
    situation: 'a part of it that is none',
    change: { command: ['sh', 1] },
    want: 'recordings[0].command[1]: expected a string, got number',
  },
  {
    situation: 'a frame that is none',
    change: { frames: [[0, 'o', 'x'], 'y'] },
    want: 'recordings[0].frames[1]: expected a list, got string',
  },
  {
    situation: 'a frame of a kind unknown',
    change: { frames: [[0, 'z', 'x']] },
    want: 'recordings[0].frames[0][1]: expected "o", "i", "r" or "x", got string',
  },
  {
    situation: 'a frame before the start',
    change: { frames: [[-1, 'o', 'x']] },
    want: 'recordings[0].frames[0][0]: expected seconds, got number',
  },
  {
    situation: 'a time that is none',
    change: { startedAt: 'x' },
    want: 'recordings[0].startedAt: expected an RFC 3339 time, got string',
  },
])('$situation is refused with its path', ({ body, change, want }) => {
  expect(() => parseRecordings(body ?? { recordings: [{ ...recording, ...change }] }, sha256)).toThrow(
    expect.objectContaining({ code: 'ERR_AUDIT_EVENTS_INVALID', message: want }),
  );
});
