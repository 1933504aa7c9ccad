/** A string, or what opens, closes and divides; whatever lies between them is no name. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * The first name that a JSON text gives to two members of one object, or undefined. RFC 7515 and RFC 7519 let a reader take
 * the last or refuse: two readers of one token that took different ones would see two users.
 *
 * @param json a text that parses
 */
export function duplicateMember(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let mayBeName = false;
  for (const [token] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"') && mayBeName) {
      const names = open.at(-1);
      const name = JSON.parse(token) as string;
      if (names?.has(name) === true) return name;
      names?.add(name);
    }
    mayBeName = token === '{' || token === ',';
  }
  return undefined;
}
