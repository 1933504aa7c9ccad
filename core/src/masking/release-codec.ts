import type { JsonValue } from '../kubernetes/object.ts';

/** Opens and closes what Helm packs. Passed in, because core has neither gzip nor YAML. Total: what cannot be read is undefined. */
export interface ReleaseCodec {
  /** The text in base64(gzip(text)), or in base64 of that; undefined when it is neither, or too large to be opened safely. */
  open(payload: string): OpenedPayload | undefined;
  /** The same text, packed the same way, is always the same payload. */
  close(opened: OpenedPayload): string;
  /**
   * A YAML text with each document edited. One that the edit returns as it is (the same reference) stays byte for byte;
   * undefined when the text is no YAML.
   */
  editYaml(text: string, edit: (document: JsonValue) => JsonValue): string | undefined;
}

export interface OpenedPayload {
  text: string;
  /** 1 as Helm writes it into a ConfigMap, 2 as it comes in a Secret's `data`. */
  base64Layers: 1 | 2;
}
