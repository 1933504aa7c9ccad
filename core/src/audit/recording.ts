import { HoldpointError } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { toStoreTime } from './event-time.ts';
import type { Sha256 } from './to-row.ts';

/** A frame of a terminal: seconds since its start, output, input, resize or exit code (asciicast v2, the last v3), and the text. */
export type RecordedFrame = readonly [seconds: number, code: 'o' | 'i' | 'r' | 'x', text: string];

/** One row of `recordings`: what the proxy sent at a time. Sequence 0 opens the recording, `ended_at` closes it. */
export interface RecordingRow {
  event_hash: string;
  /** When the recording started. */
  started_at: string;
  recording_id: string;
  sequence_in_recording: number;
  /** The audit event's. */
  audit_id: string;
  session: string;
  username: string;
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  width: number;
  height: number;
  frames: readonly RecordedFrame[];
  /** Empty in all but the last. */
  ended_at: string | null;
}

/**
 * Decodes `{"recordings": […]}` as untrusted input.
 *
 * @throws HoldpointError ERR_AUDIT_EVENTS_INVALID naming the path
 */
export function parseRecordings(body: unknown, sha256: Sha256): RecordingRow[] {
  if (!isJsonObject(body)) throw invalid('the body', 'an object', body);
  const recordings = body['recordings'];
  if (!Array.isArray(recordings)) throw invalid('recordings', 'a list', recordings);
  return recordings.map((each, i) => parseRecording(each, `recordings[${String(i)}]`, sha256));
}

function parseRecording(value: JsonValue, path: string, sha256: Sha256): RecordingRow {
  if (!isJsonObject(value)) throw invalid(path, 'an object', value);
  const at = (key: string): string => `${path}.${key}`;
  const text = (key: string): string => stringOf(value[key], at(key));
  const recordingId = text('recordingId');
  if (recordingId === '') throw invalid(at('recordingId'), 'an id', 'an empty text');
  const sequence = countOf(value, 'sequence', at('sequence'));
  return {
    // The proxy repeats a batch until it is acknowledged: these two tell it apart, by the proxy's promise.
    event_hash: sha256(`recording\n${JSON.stringify([recordingId, sequence])}`),
    started_at: timeOf(value['startedAt'], at('startedAt')),
    recording_id: recordingId,
    sequence_in_recording: sequence,
    audit_id: text('auditId'),
    session: text('session'),
    username: text('username'),
    namespace: text('namespace'),
    pod: text('pod'),
    container: text('container'),
    command: listOf(value['command'], at('command')).map((each, i) => stringOf(each, `${at('command')}[${String(i)}]`)),
    width: value['width'] === undefined ? 0 : sizeOf(value, 'width', at('width')),
    height: value['height'] === undefined ? 0 : sizeOf(value, 'height', at('height')),
    frames: listOf(value['frames'], at('frames')).map((each, i) => frameOf(each, `${at('frames')}[${String(i)}]`)),
    ended_at: value['endedAt'] === undefined ? null : timeOf(value['endedAt'], at('endedAt')),
  };
}

function frameOf(value: JsonValue, path: string): RecordedFrame {
  const [seconds, code, text] = listOf(value, path);
  // 1e999 is a number in JSON, and infinite once it is parsed: no line of JSON could say it again.
  if (typeof seconds !== 'number' || seconds < 0 || !Number.isFinite(seconds))
    throw invalid(`${path}[0]`, 'seconds', seconds);
  if (code !== 'o' && code !== 'i' && code !== 'r' && code !== 'x') {
    throw invalid(`${path}[1]`, '"o", "i", "r" or "x"', code);
  }
  return [seconds, code, stringOf(text, `${path}[2]`)];
}

function countOf(value: JsonObject, key: string, path: string): number {
  const count = value[key];
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0 || count > 0xffff_ffff) {
    throw invalid(path, 'a whole number of 32 bits', count);
  }
  return count;
}

function sizeOf(value: JsonObject, key: string, path: string): number {
  const size = countOf(value, key, path);
  if (size > 0xffff) throw invalid(path, 'a terminal size', size);
  return size;
}

function timeOf(value: JsonValue | undefined, path: string): string {
  const time = toStoreTime(stringOf(value, path));
  if (time === undefined) throw invalid(path, 'an RFC 3339 time', 'another text');
  return time;
}

function listOf(value: JsonValue | undefined, path: string): JsonValue[] {
  if (!Array.isArray(value)) throw invalid(path, 'a list', value);
  return value;
}

function stringOf(value: JsonValue | undefined, path: string): string {
  if (typeof value !== 'string') throw invalid(path, 'a string', value);
  return value;
}

function invalid(path: string, expected: string, got: unknown): HoldpointError {
  const shown = got === null ? 'null' : Array.isArray(got) ? 'a list' : typeof got;
  return new HoldpointError(
    'ERR_AUDIT_EVENTS_INVALID',
    `${path}: expected ${expected}, got ${shown === 'undefined' ? 'nothing' : shown}`,
    { details: { path } },
  );
}
