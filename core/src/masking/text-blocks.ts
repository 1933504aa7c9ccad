/** Says of the next line whether it belongs to a group of lines; `last` belongs, and ends the group. */
export type Block = (line: string) => 'more' | 'last' | 'none';

const privateKey: Block = (line) => (line.includes('-----END') ? 'last' : 'more');
const puttyKey: Block = (line) => (/^Private-(?:MAC|Hash):/.test(line) ? 'last' : 'more');
const yaml: Block = (line) =>
  /^(?:[ \t]|- |#|["']?[A-Za-z][\w./-]{0,253}["']?:(?:[ \t]|$))/.test(line) ? 'more' : 'none';
const goingOn: Block = (line) => (line.endsWith('\\') ? 'more' : 'last');
/** `base64` wraps at 76, PEM at 64; only the last line is shorter. */
const base64Of = (width: number): Block => {
  return (line) => {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(line) || line.length > width) return 'none';
    return line.length === width ? 'more' : 'last';
  };
};

/**
 * The group of lines that a line begins, whose parts mean less apart: a key in PEM or PuTTY's format, a manifest (which says
 * last that it is a Secret), a block or a name and its value in YAML, base64 in lines, a command that goes on in the next.
 */
export function opensBlock(line: string): Block | undefined {
  if (/-----BEGIN [A-Z0-9 ]{0,64}PRIVATE KEY/.test(line)) return line.includes('-----END') ? undefined : privateKey;
  if (line.includes('PuTTY-User-Key-File-')) return puttyKey;
  if (/^[ \t]{0,64}(?:- )?["']?(?:apiVersion|kind|data|stringData)["']?:(?:[ \t]|$)/.test(line)) return yaml;
  if (/:[ \t]{1,8}[|>][+-]?\d?[ \t]{0,8}$/.test(line)) return yaml;
  if (/^[ \t]{0,64}(?:- )?name:[ \t]{1,8}["']?[\w.-]{1,128}["']?[ \t]{0,8}$/.test(line)) return yaml;
  if (/^[A-Za-z0-9+/]{60,256}$/.test(line)) return base64Of(line.length);
  return line.endsWith('\\') ? goingOn : undefined;
}
