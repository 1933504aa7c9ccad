import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { checkStatement, HoldpointError, messageOf } from '@holdpoint/core';
import type { ClickHouseReader, Logger } from '@holdpoint/platform';
import { createAnswer } from './answer.ts';
import type { AuditorVerdict, CheckAuditor } from './auditors.ts';
import { credentialOf } from './credential.ts';
import { engineErrorOf, ourErrorOf } from './engine-error.ts';
import { contentTypeOf } from './formats.ts';
import { nativeOfVersion } from './native.ts';
import { readQueryRequest, type QueryRequest } from './query-request.ts';
import { limits } from './settings.ts';
import type { Slots } from './slots.ts';

export interface QueryParts {
  /** Undefined while the store is being opened. */
  reader: () => ClickHouseReader | undefined;
  checkAuditor: CheckAuditor;
  slots: Slots;
  logger: Logger;
  /** Milliseconds, from any beginning. */
  elapsed: () => number;
}

/** Room for the longest statement that a person's tool writes, and no more for everybody to send. */
const maxStatementBytes = '256kb';
/** The engine stops after its own limit; a client that does not take its answer is given up a while later. */
const deadlineMs = (limits.max_execution_time + 30) * 1_000;
const retryAfterSeconds = '2';
/** ClickHouse's number for a failed authentication: its clients tell that from a failed query. */
const authenticationFailed = 516;

/** What is refused before the engine has seen it. */
class Refusal {
  readonly httpCode: number;
  readonly code: string;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(httpCode: number, code: string, reason: string, headers: Readonly<Record<string, string>> = {}) {
    this.httpCode = httpCode;
    this.code = code;
    this.reason = reason;
    this.headers = headers;
  }
}

/**
 * The part of ClickHouse's HTTP interface that reads, at `/`, `/query` and `/ping`: what its clients send is understood, and what
 * would write, reach out or lift a limit is refused. See docs/reference/query-endpoint.md.
 */
export function createQueryApp(parts: QueryParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.get(['/ping', '/query/ping'], (_request, response) => void response.type('text/plain').send('Ok.\n'));
  const authenticate = (request: Request, response: Response, next: NextFunction): void => {
    if (request.method === 'GET' && request.url === '/') {
      // What a ClickHouse says to whoever looks whether there is one.
      response.type('text/plain').send('Ok.\n');
      return;
    }
    if (!['GET', 'POST'].includes(request.method)) {
      refuse(response, new Refusal(405, 'ERR_QUERY_REFUSED', 'GET and POST ask', { allow: 'GET, POST' }));
      return;
    }
    admit(request, parts.checkAuditor)
      .then((name) => {
        response.locals['auditor'] = name;
        next();
      })
      .catch(next);
  };
  // Nobody's body is read, nobody's question parsed, before it is known whose it is.
  app.all(['/', '/query'], authenticate);
  app.use(express.text({ type: () => true, limit: maxStatementBytes }));
  app.all(['/', '/query'], async (request: Request, response: Response) => {
    await answerQuery(request, response, parts);
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    refuse(response, asRefusal(error, parts.logger));
  });
  return app;
}

async function admit(request: Request, checkAuditor: CheckAuditor): Promise<string> {
  const credential = credentialOf((name) => request.get(name));
  if (credential.type === 'Several') throw unauthorized('two credentials: send one');
  const asked = new URL(request.url, 'https://holdpoint').searchParams;
  if (asked.has('password')) {
    throw new Refusal(
      400,
      'ERR_QUERY_REFUSED',
      'password in the URL: URLs are logged. Send it as Authorization or X-ClickHouse-Key',
    );
  }
  const verdict: AuditorVerdict =
    credential.type === 'Token' ? await checkAuditor(credential.token) : { type: 'Unknown' };
  switch (verdict.type) {
    case 'Allowed':
      return verdict.name;
    case 'Unknown':
      throw unauthorized('this endpoint needs the query token, or a token of the cluster’s');
    case 'Forbidden':
      throw new Refusal(
        403,
        'ERR_QUERY_REFUSED',
        `${verdict.name} may not get auditrecords.holdpoint.dev: ask for the role holdpoint-auditor`,
      );
    case 'Unavailable':
      throw new Refusal(503, 'ERR_UPSTREAM_UNAVAILABLE', `whose token this is: ${verdict.reason}`, {
        'retry-after': retryAfterSeconds,
      });
  }
}

function unauthorized(reason: string): Refusal {
  return new Refusal(401, 'ERR_TOKEN_INVALID', reason, {
    'www-authenticate': 'Basic realm="holdpoint"',
    'x-clickhouse-exception-code': String(authenticationFailed),
  });
}

interface Question {
  request: QueryRequest;
  statement: string;
  format: string;
  contentType: string;
  queryId: string;
}

/** @throws Refusal */
function questionOf(request: Request): Question {
  const read = readQueryRequest({ method: request.method, url: request.url, header: (name) => request.get(name) });
  if (read.type === 'Refuse') throw new Refusal(read.code, 'ERR_QUERY_REFUSED', read.reason);
  const body = typeof request.body === 'string' ? request.body : '';
  const verdict = checkStatement(`${read.request.statement}${body}`);
  if (!verdict.allowed) throw new Refusal(403, 'ERR_QUERY_REFUSED', verdict.reason);
  const format = verdict.format ?? read.request.format;
  const contentType = contentTypeOf(format);
  if (contentType === undefined) {
    throw new Refusal(403, 'ERR_QUERY_REFUSED', `the format ${format.slice(0, 60)} is not offered`);
  }
  return {
    request: read.request,
    statement: verdict.text,
    format,
    contentType,
    queryId: read.request.queryId ?? randomUUID(),
  };
}

async function answerQuery(request: Request, response: Response, parts: QueryParts): Promise<void> {
  const { reader, slots, logger, elapsed } = parts;
  const auditor = String(response.locals['auditor']);
  const question = questionOf(request);
  const store = reader();
  if (store === undefined) {
    throw new Refusal(503, 'ERR_STORE_UNAVAILABLE', 'the store is being opened', { 'retry-after': retryAfterSeconds });
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const release = await slots.take(gone.signal);
  if (release === undefined) {
    throw new Refusal(503, 'ERR_STORE_UNAVAILABLE', 'too many queries at a time: try again', {
      'retry-after': retryAfterSeconds,
      'x-clickhouse-exception-code': '202',
    });
  }
  const deadline = setTimeout(() => response.destroy(), deadlineMs);
  const started = elapsed();
  let bytes = 0;
  const answer = createAnswer(response, {
    ...question,
    gzip: question.request.gzip,
    waitForEnd: question.request.waitForEnd,
    elapsedNs: () => Math.round((elapsed() - started) * 1e6),
  });
  let outcome = 'answered';
  try {
    const { params, settings, nativeVersion } = question.request;
    const inVersion = question.format === 'Native' && nativeVersion > 0;
    const options = { format: question.format, params, settings, signal: gone.signal };
    for await (const part of store.stream(question.statement, options)) {
      bytes += part.length;
      await answer.write(inVersion ? nativeOfVersion(part, nativeVersion) : part);
      if (gone.signal.aborted) break;
    }
    if (gone.signal.aborted) outcome = 'client gone';
    else await answer.end();
  } catch (error) {
    const { code, text, httpCode } = error instanceof HoldpointError ? ourErrorOf(error) : engineErrorOf(error);
    outcome = gone.signal.aborted
      ? 'client gone'
      : code === undefined
        ? 'failed'
        : `refused by the engine: ${String(code)}`;
    const isOurs = error instanceof HoldpointError;
    if (code === undefined && !isOurs) logger.error({ err: error, queryId: question.queryId }, 'query failed');
    const told =
      code === undefined && !isOurs ? 'ERR_STORE_UNAVAILABLE: the query failed; the sink’s log says why' : text;
    if (answer.canFail()) {
      response.set({
        'x-clickhouse-query-id': question.queryId,
        ...(code === undefined ? {} : { 'x-clickhouse-exception-code': String(code) }),
      });
      response.status(httpCode).type('text/plain').send(`${told}\n`);
    } else {
      await answer.breakOff(told);
    }
  } finally {
    clearTimeout(deadline);
    release();
    // Who asked what is of the record too; the statement itself may have in it what somebody looks for.
    logger.info({ auditor, queryId: question.queryId, outcome, bytes, ms: Math.round(elapsed() - started) }, 'query');
  }
}

function asRefusal(error: unknown, logger: Logger): Refusal {
  if (error instanceof Refusal) return error;
  const { status } = (typeof error === 'object' && error !== null ? error : {}) as { status?: unknown };
  if (status === 413) {
    return new Refusal(413, 'ERR_BODY_TOO_LARGE', `a statement may have up to ${maxStatementBytes}`);
  }
  if (typeof status === 'number' && status < 500) return new Refusal(status, 'ERR_QUERY_REFUSED', messageOf(error));
  logger.error({ err: error }, 'query failed');
  return new Refusal(500, 'ERR_STORE_UNAVAILABLE', 'the query failed; the sink’s log says why');
}

function refuse(response: Response, { httpCode, code, reason, headers }: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  response.status(httpCode).set(headers).type('text/plain').send(`${code}: ${reason}\n`);
}
