import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { isPackedPayload } from './detectors/encoded.ts';
import { fieldStep, type DocumentPath } from './document-path.ts';
import { lastApplied } from './last-applied.ts';
import type { ReleaseCodec } from './release-codec.ts';

type Edit = (document: JsonValue, path: DocumentPath) => JsonValue;

const lastAppliedPath = [fieldStep('metadata'), fieldStep('annotations'), fieldStep(lastApplied)].join('');
/** Stands in a path where a release is opened. */
export const openedStep = '!';

/**
 * A text that holds documents, with each of them edited: the last-applied annotation, a Helm release, and the manifests in
 * one. An edit that changes nothing leaves the text byte for byte; undefined for a text that holds no documents.
 *
 * @param path where the text stands. An object as it was last applied has the places of the object itself
 */
export function editInner(
  text: string,
  path: DocumentPath,
  codec: ReleaseCodec | undefined,
  edit: Edit,
): string | undefined {
  if (path.join('') === lastAppliedPath) return editJson(text, (document) => edit(document, []));
  if (codec === undefined) return undefined;
  if (isPackedPayload(text)) {
    const opened = codec.open(text);
    if (opened === undefined) return undefined;
    const edited = editJson(opened.text, (document) => edit(document, [...path, openedStep]));
    if (edited === undefined || edited === opened.text) return edited === undefined ? undefined : text;
    return codec.close({ ...opened, text: edited });
  }
  if (path.includes(openedStep) && path.at(-1) === fieldStep('manifest')) {
    return codec.editYaml(text, (document) => edit(document, [...path, manifestStep(document)]));
  }
  return undefined;
}

/** The documents of such a text, each with its place; undefined for a text that holds none. */
export function innerDocuments(
  text: string,
  path: DocumentPath,
  codec: ReleaseCodec | undefined,
): { document: JsonValue; path: DocumentPath }[] | undefined {
  const documents: { document: JsonValue; path: DocumentPath }[] = [];
  const edited = editInner(text, path, codec, (document, where) => {
    documents.push({ document, path: where });
    return document;
  });
  return edited === undefined ? undefined : documents;
}

function editJson(text: string, edit: (document: JsonValue) => JsonValue): string | undefined {
  let document: JsonValue;
  try {
    document = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isJsonObject(document)) return undefined;
  const edited = edit(document);
  return edited === document ? text : JSON.stringify(edited);
}

/** By what it is and not by where it comes: the next version of a chart may have another document before it. */
function manifestStep(document: JsonValue): string {
  if (!isJsonObject(document)) return '#';
  const metadata = isJsonObject(document.metadata) ? document.metadata : {};
  return `#${String(document.kind)}/${String(metadata.namespace ?? '')}/${String(metadata.name)}`;
}
