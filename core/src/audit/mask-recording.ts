import type { Mask } from '../masking/mask.ts';
import { maskCommand, maskName, maskPieces } from '../masking/mask-text.ts';
import type { RecordedFrame, RecordingRow } from './recording.ts';

/**
 * Masks the credentials in a terminal's command line, in what it showed and in what was typed. Times and frames stay as
 * they are. A credential that lies across two of the recorder's batches is found in neither: they are stored as they come.
 */
export function maskRecording(row: RecordingRow, mask: Mask): RecordingRow {
  const frames = [...row.frames];
  for (const code of ['o', 'i'] as const) {
    const places = [...frames.keys()].filter((at) => frames[at]?.[1] === code);
    const masked = maskPieces(
      places.map((at) => frames[at]?.[2] ?? ''),
      mask,
    );
    places.forEach((place, at) => {
      const [seconds = 0] = frames[place] ?? [];
      frames[place] = [seconds, code, masked[at] ?? ''] satisfies RecordedFrame;
    });
  }
  return {
    ...row,
    // Pieces of the request's path and query: the client's to write.
    namespace: maskName(row.namespace, mask),
    pod: maskName(row.pod, mask),
    container: maskName(row.container, mask),
    command: maskCommand(row.command, mask),
    frames,
  };
}
