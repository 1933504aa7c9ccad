/** What of a log is masked together. */
export interface LineGroup {
  text: Buffer;
  /** A line, or a private key with its beginning: read as any text. The rest of a key: secret whatever it looks like. */
  kind: 'text' | 'cutOff' | 'restOfKey';
}

/**
 * Gathers a log's lines into what means something only together: a private key. Held back are the lines of one until it is
 * complete, and the log's first lines while they may be the rest of one that began before it: asked for from somewhere on
 * (`--tail`, `--since`), a log begins anywhere.
 */
export interface KeyLines {
  /** @param line with its line break */
  take(line: Buffer): LineGroup[];
  /** @param cut what stands behind the last line break */
  end(cut: Buffer): LineGroup[];
}

/** An RSA key of 16,384 bits has 260 lines of 64 characters: more is no key, and lines are not kept waiting for its end. */
const mostKeyLines = 400;

const keyBegins = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----\s*$/;
const keyEnds = /-----END /;
const privateKeyEnds = /-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY/;
/** A line of a key's body, of its headers, or one with something before it, as logs have. A body's last line, which may be short, has 4n characters. */
const keyGoesOn =
  /^(?:[A-Za-z0-9+/=]{16,128}|(?:[A-Za-z0-9+/]{4}){0,3}(?:[A-Za-z0-9+/=]{4})?|[A-Za-z-]{3,20}: .{0,200}|.{0,200}\s[A-Za-z0-9+/=]{32,128})\s*$/;
/** In capitals, small letters and digits, without a space: no word, and no digest. */
const mayBeKeyBody = /^(?=.*[a-z])(?=.*[A-Z])(?=.*[\d+/])[A-Za-z0-9+/]{16,76}={0,2}\s*$/;
/** Behind others of a body, a short one with or without padding. */
const lastBodyLine = /^(?:[A-Za-z0-9+/]{4}){0,18}(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)\s*$/;
/** As wide as PEM, OpenSSH and MIME have them: a key, also where its end is not to be seen. */
const wholeBodyLine = /^[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6}){0,2}\s*$/;
/** What `kubectl logs --timestamps` puts before a line. */
export const timestamp = /^\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d) /;

export function createKeyLines(): KeyLines {
  /** The lines of a private key that has begun. */
  let key: Buffer[] = [];
  /** The log's first lines; undefined once there was one that is no key's. */
  let first: Buffer[] | undefined = [];

  const endKey = (): LineGroup[] => {
    const lines = key;
    key = [];
    return lines.length === 0 ? [] : [{ text: Buffer.concat(lines), kind: 'text' }];
  };
  /** @param next the line that follows: it may say what the lines before it were */
  const endFirst = (next: string): LineGroup[] => {
    const lines = first ?? [];
    first = undefined;
    const isKey = keyEnds.test(next)
      ? privateKeyEnds.test(next)
      : lines.some((line) => wholeBodyLine.test(contentOf(line)));
    if (isKey && lines.length > 0) return [{ text: Buffer.concat(lines), kind: 'restOfKey' }];
    return lines.map((text) => ({ text, kind: 'text' }));
  };
  const takeLater = (line: Buffer): LineGroup[] => {
    const content = contentOf(line);
    if (key.length > 0) {
      const isEnd = keyEnds.test(content);
      if (!isEnd && (key.length >= mostKeyLines || !keyGoesOn.test(content))) return [...endKey(), ...takeLater(line)];
      key.push(line);
      return isEnd ? endKey() : [];
    }
    if (!keyBegins.test(content)) return [{ text: line, kind: 'text' }];
    key = [line];
    return [];
  };

  return {
    take(line) {
      if (first === undefined) return takeLater(line);
      const content = contentOf(line);
      const isNext = mayBeKeyBody.test(content) || (first.length > 0 && lastBodyLine.test(content));
      if (first.length < mostKeyLines && isNext) {
        first.push(line);
        return [];
      }
      return [...endFirst(content), ...takeLater(line)];
    },
    end(cut) {
      const content = contentOf(cut);
      const isPiece = cut.length > 0 && /^[A-Za-z0-9+/=]+$/.test(content);
      if (key.length > 0 && (isPiece || keyEnds.test(content))) key.push(cut);
      else if (first !== undefined && isPiece && (first.length > 0 || mayBeKeyBody.test(content))) {
        const text = Buffer.concat([...first, cut]);
        first = undefined;
        return [{ text, kind: 'restOfKey' }];
      } else if (cut.length > 0) return [...endFirst(content), ...endKey(), { text: cut, kind: 'cutOff' }];
      return [...endFirst(''), ...endKey()];
    },
  };
}

function contentOf(line: Buffer): string {
  return line.toString('latin1').replace(timestamp, '');
}
