/** One event of an asciicast recording: seconds since its start, what it is (`x`, from version 3: the exit code), its text. */
export type TerminalFrame = [seconds: number, code: 'o' | 'i' | 'r' | 'x', text: string];

/** What is known of a terminal session before its first frame. */
export interface RecordingStart {
  recordingId: string;
  auditId: string;
  session: string;
  username: string;
  namespace: string;
  pod: string;
  container: string;
  command: string[];
  /** RFC 3339. */
  startedAt: string;
  /** A terminal's size until the client tells it: asciicast needs one. */
  width: number;
  height: number;
}

/** What the audit sink takes at a time. It tells repeats by recordingId and sequence. */
export interface RecordingBatch extends RecordingStart {
  sequence: number;
  frames: TerminalFrame[];
  /** RFC 3339; only in the last batch. */
  endedAt?: string;
}
