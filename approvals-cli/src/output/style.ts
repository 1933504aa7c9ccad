import colors from 'picocolors';

export interface Style {
  added(text: string): string;
  removed(text: string): string;
  heading(text: string): string;
  warning(text: string): string;
  faint(text: string): string;
}

/** Colours for a terminal; plain text where output is piped, as kubectl does. */
export function createStyle(coloured: boolean): Style {
  const { green, red, yellow, bold, dim } = colors.createColors(coloured);
  return { added: green, removed: red, heading: bold, warning: yellow, faint: dim };
}
