import { toSortedYaml } from '@holdpoint/platform';
import { unreadable, type AnswerMasker } from './answer-masker.ts';
import { parseJson } from './json-text.ts';

/** YAML is written from the whole value. A list past this is for clients that take JSON, in which it streams. */
const maxYamlBytes = 32 * 1_048_576;

/** What another masker gives in JSON, in YAML. */
export function createYamlMasker(json: AnswerMasker): AnswerMasker {
  const masked: Buffer[] = [];
  let size = 0;
  const keep = (bytes: Buffer): void => {
    masked.push(bytes);
    size += bytes.length;
    if (size > maxYamlBytes)
      throw unreadable(`the answer is larger than ${String(maxYamlBytes)} bytes of YAML; ask for JSON`);
  };
  return {
    held: () => size + json.held(),
    push(chunk) {
      keep(json.push(chunk));
      return Buffer.alloc(0);
    },
    end() {
      keep(json.end());
      if (size === 0) return Buffer.alloc(0);
      return Buffer.from(toSortedYaml(parseJson(Buffer.concat(masked).toString('utf8'))));
    },
  };
}
