import type { Frame } from './recordings.ts';

export interface TerminalText {
  lines: string[];
  /** True when there is more than was asked for. */
  cut: boolean;
}

const esc = '\u001b';
/** Every sequence, drawing or not: this is text beside other text. */
const sequences = new RegExp(
  `${esc}[\\]PX^_][^\u0007${esc}]*(?:\u0007|${esc}\\\\)|${esc}\\[[0-?]*[ -/]*[@-~]|${esc}[ -/]*[0-~]`,
  'gu',
);
const longestLine = 500;
/** What is read of a terminal at most, in characters, before its lines are counted. */
const longestText = 64 * 1024;

/** The beginning of what a terminal showed, as plain lines: a hint of it, not a picture. */
export async function terminalText(frames: AsyncIterable<Frame>, mostLines: number): Promise<TerminalText> {
  let text = '';
  let cut = false;
  for await (const [, code, part] of frames) {
    if (code !== 'o') continue;
    text += part;
    if (text.length > longestText) {
      cut = true;
      text = text.slice(0, longestText);
      break;
    }
  }
  const lines = text
    .replace(sequences, '')
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map(drawn)
    .filter((line, i, all) => line !== '' || i < all.length - 1);
  return { lines: lines.slice(0, mostLines), cut: cut || lines.length > mostLines };
}

/** A carriage return begins the line anew; a backspace takes one back. */
function drawn(line: string): string {
  let shown = line.slice(line.lastIndexOf('\r') + 1);
  while (/[^\b][\b]/.test(shown)) shown = shown.replace(/[^\b][\b]/g, '');
  return shown.replaceAll('\b', '').slice(0, longestLine);
}
