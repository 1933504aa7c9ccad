import { messageOf, type HoldpointError } from '@holdpoint/core';

export interface EngineError {
  /** ClickHouse's own number; undefined where the engine gave none. */
  code: number | undefined;
  /** As ClickHouse's HTTP interface writes it. */
  text: string;
  httpCode: number;
}

/** ClickHouse's numbers, where the HTTP code is another than 400. Source: its src/Server/HTTP/exceptionCodeToHTTPStatus.cpp. */
const httpCodes: Readonly<Record<number, number>> = {
  ...{ 46: 404, 47: 404, 60: 404, 81: 404, 159: 408, 164: 403, 202: 503, 241: 500, 394: 499, 497: 403, 516: 401 },
};

/** The engine's words, once: embedded, it wraps its own text into itself. */
export function engineErrorOf(thrown: unknown): EngineError {
  const message = messageOf(thrown);
  const given = codeIn(thrown);
  const code = given ?? numberIn(/Code: (\d+)\. DB::Exception:/.exec(message)?.[1]);
  if (code === undefined) return { code, text: message, httpCode: 500 };
  const words = message.replace(/^(?:Code: \d+\. DB::Exception: )+/, '').replace(/(?: \(version [^)]*\))?\.? ?$/, '');
  const once = words.replace(/( \([A-Z_]+\))(?: \(version [^)]*\)\.? ?\([A-Z_]+\))+/g, '$1');
  return { code, text: `Code: ${String(code)}. DB::Exception: ${once}`, httpCode: httpCodes[code] ?? 400 };
}

/** What of ours is in the way: nothing that a person could not put right by another statement. */
export function ourErrorOf({ code, message }: HoldpointError): EngineError {
  return { code: undefined, text: `${code}: ${message}`, httpCode: code === 'ERR_QUERY_REFUSED' ? 403 : 503 };
}

/** A client of a server carries the number beside its words. */
function codeIn(thrown: unknown): number | undefined {
  const { code } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as { code?: unknown };
  return typeof code === 'string' ? numberIn(code) : undefined;
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
