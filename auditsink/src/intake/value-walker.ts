/** What one walk over some bytes found. */
export interface Walk {
  /** Where the value ends, or as far as the bytes go. */
  end: number;
  isWhole: boolean;
}

/**
 * Walks over one JSON value, byte by byte, in as many pieces as it comes in, to find where it ends. It looks at nothing but
 * strings, escapes and the depth of nesting; whether the value is JSON is for JSON.parse to say, once it is whole. A UTF-8
 * sequence may be cut anywhere: all of its bytes are above 0x7f, and none of those means anything here.
 */
export interface ValueWalker {
  /** Makes ready for the value that begins with this byte. False when no value does. */
  begin(first: number): boolean;
  /** Walks on from `start`; of a new value, from its first byte. */
  walk(bytes: Uint8Array, start: number): Walk;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const openBrace = 0x7b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;
const comma = 0x2c;

export function createValueWalker(): ValueWalker {
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isScalar = false;
  return {
    begin(first) {
      depth = 0;
      isInString = false;
      isEscaped = false;
      isScalar = startsScalar(first);
      return isScalar || first === quote || first === openBrace || first === openBracket;
    },
    walk(bytes, start) {
      let at = start;
      const { length } = bytes;
      if (isScalar) {
        while (at < length && !endsScalar(bytes[at] as number)) at += 1;
        return { end: at, isWhole: at < length };
      }
      while (at < length) {
        if (isInString) {
          if (isEscaped) {
            isEscaped = false;
            at += 1;
            continue;
          }
          let byte = 0;
          while (at < length && (byte = bytes[at] as number) !== quote && byte !== backslash) at += 1;
          if (at === length) break;
          at += 1;
          if (byte === backslash) {
            isEscaped = true;
            continue;
          }
          isInString = false;
          if (depth === 0) return { end: at, isWhole: true };
          continue;
        }
        const byte = bytes[at] as number;
        at += 1;
        if (byte === quote) isInString = true;
        else if (byte === openBrace || byte === openBracket) depth += 1;
        else if (byte === closeBrace || byte === closeBracket) {
          depth -= 1;
          if (depth === 0) return { end: at, isWhole: true };
        }
      }
      return { end: at, isWhole: false };
    },
  };
}

/** `true`, `false`, `null` or a number. */
function startsScalar(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
}

function endsScalar(byte: number): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket || isSpace(byte);
}

/** JSON's white space. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
