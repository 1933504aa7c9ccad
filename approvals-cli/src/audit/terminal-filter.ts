/**
 * Lets through what draws (text, colours, the cursor) and takes out what acts on the terminal that shows it. A recording
 * is what an agent chose to print: it could fill an auditor's clipboard (OSC 52), rename the window, or make the terminal
 * answer a question, which the auditor's shell then reads as typed.
 *
 * One filter a recording: a sequence may be split between two frames.
 */
export function createTerminalFilter(): (text: string) => string {
  let held = '';
  return (text) => {
    const whole = held + text;
    const cut = unfinishedFrom(whole);
    held = whole.slice(cut);
    if (held.length > longestSequence) held = '';
    return whole.slice(0, cut).replace(sequences, (sequence) => (isDrawing(sequence) ? sequence : ''));
  };
}

/** A longer one is none: nothing is held back for ever. */
const longestSequence = 64 * 1024;

/** ESC and BEL, by their numbers: a control character in a source file is easily lost. */
const esc = '\u001b';
const bel = '\u0007';

/** Strings for the terminal (OSC, DCS, SOS, PM, APC), CSI sequences, other escapes, and bare control characters. */
const sequences = new RegExp(
  `${esc}[\\]PX^_][^${bel}${esc}]*(?:${bel}|${esc}\\\\)|${esc}\\[[0-?]*[ -/]*[@-~]|${esc}[ -/]*[0-OQ-WYZ\\\\\`a-~]|[^\\P{Cc}\\n\\r\\t\\b]`,
  'gu',
);
const drawing = new RegExp(
  // Cursor, erase, insert, delete, scroll, colours; the cursor's visibility and line wrap; save, restore, charsets.
  `^${esc}(?:\\[[0-9;:]*[A-HJKLMPSTXZ@\`a-bd-gmrsu]|\\[\\?(?:7|12|25)[hl]|[78DEM]|[()][AB0])$`,
  'u',
);

function isDrawing(sequence: string): boolean {
  return drawing.test(sequence);
}

/** Where a sequence begins that the text does not end; the text's length when there is none. */
function unfinishedFrom(text: string): number {
  const last = text.lastIndexOf(esc);
  if (last === -1) return text.length;
  // The ESC that begins a string's end belongs to the string.
  const opened = text.slice(0, last).search(new RegExp(`${esc}[\\]PX^_][^${bel}${esc}]*$`, 'u'));
  const start = opened === -1 ? last : opened;
  const rest = text.slice(start);
  const first = new RegExp(sequences.source, 'u').exec(rest);
  const isWhole = first !== null && first.index === 0 && first[0] !== esc;
  return isWhole ? text.length : start;
}
