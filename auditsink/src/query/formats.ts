const text = 'text/tab-separated-values; charset=UTF-8';
const csv = 'text/csv; charset=UTF-8';
const json = 'application/json; charset=UTF-8';
const jsonLines = 'application/x-ndjson; charset=UTF-8';
const plain = 'text/plain; charset=UTF-8';
const binary = 'application/octet-stream';

/**
 * The formats that can be asked for, by ClickHouse's names, and what they are over HTTP. Left out are those that read a file
 * of the server (Template, CustomSeparated, Protobuf, CapnProto, Avro with a registry) and those of other protocols.
 */
const contentTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...under(text, ['TabSeparated', 'TSV', 'TabSeparatedRaw', 'TSVRaw', 'Raw']),
    ...under(text, ['TabSeparatedWithNames', 'TSVWithNames', 'TabSeparatedWithNamesAndTypes', 'TSVWithNamesAndTypes']),
    ...under(text, ['TabSeparatedRawWithNames', 'TSVRawWithNames', 'TSKV']),
    ...under(csv, ['CSV', 'CSVWithNames', 'CSVWithNamesAndTypes']),
    ...under(json, ['JSON', 'JSONStrings', 'JSONCompact', 'JSONCompactStrings', 'JSONColumns', 'JSONObjectEachRow']),
    ...under(json, ['JSONColumnsWithMetadata', 'JSONCompactColumns']),
    ...under(jsonLines, ['JSONEachRow', 'JSONStringsEachRow', 'JSONLines', 'JSONL', 'NDJSON', 'JSONCompactEachRow']),
    ...under(jsonLines, ['JSONCompactStringsEachRow', 'JSONCompactEachRowWithNames', 'PrettyJSONEachRow']),
    ...under(jsonLines, ['JSONCompactEachRowWithNamesAndTypes', 'JSONCompactStringsEachRowWithNames']),
    ...under(jsonLines, ['JSONCompactStringsEachRowWithNamesAndTypes']),
    ...under(plain, [
      'Pretty',
      'PrettyCompact',
      'PrettyCompactMonoBlock',
      'PrettyMonoBlock',
      'PrettySpace',
      'Vertical',
    ]),
    ...under(plain, ['PrettyNoEscapes', 'PrettyCompactNoEscapes', 'PrettySpaceNoEscapes', 'Values', 'LineAsString']),
    ...under(plain, ['Null']),
    ...under('text/markdown; charset=UTF-8', ['Markdown', 'MD']),
    ...under('application/xml; charset=UTF-8', ['XML']),
    ...under(binary, ['Native', 'RowBinary', 'RowBinaryWithNames', 'RowBinaryWithNamesAndTypes', 'MsgPack']),
    ...under('application/vnd.apache.parquet', ['Parquet']),
    ...under('application/vnd.apache.arrow.file', ['Arrow']),
    ...under('application/vnd.apache.arrow.stream', ['ArrowStream']),
  }),
);

/** Undefined for a format that is not offered. */
export function contentTypeOf(format: string): string | undefined {
  return contentTypes.get(format);
}

function under(type: string, formats: readonly string[]): Record<string, string> {
  return Object.fromEntries(formats.map((format) => [format, type]));
}
