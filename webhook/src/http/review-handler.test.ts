import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { allowed, HoldpointError, type AdmissionReviewResponse } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { handleReview, type Reviewer } from './review-handler.ts';

const review = {
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: 'u-1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    operation: 'CREATE',
    userInfo: { username: 'bot' },
  },
};

interface Sent {
  code: number;
  headers: Record<string, string>;
  body: AdmissionReviewResponse;
}

async function handle(body: Iterable<Buffer> | AsyncIterable<Buffer>, reviewer: Reviewer, clientGone = false) {
  const sent: Sent[] = [];
  const logged: object[] = [];
  let head: Pick<Sent, 'code' | 'headers'> = { code: 0, headers: {} };
  const response = {
    destroyed: clientGone,
    writeHead: (code: number, headers: Record<string, string>) => {
      head = { code, headers };
    },
    end: (bytes: Buffer) => void sent.push({ ...head, body: JSON.parse(bytes.toString()) as AdmissionReviewResponse }),
  };
  const logger = { error: (fields: object, message: string) => void logged.push({ ...fields, message }) };
  const counted: { path: string; answer: AdmissionReviewResponse; error: unknown }[] = [];
  const metrics = {
    reviewStarted: (path: string) => (answer: AdmissionReviewResponse, error?: unknown) =>
      void counted.push({ path, answer, error }),
  };
  const request = Readable.from(body, { objectMode: false });
  await handleReview(request as IncomingMessage, response as unknown as ServerResponse, {
    path: '/validate',
    reviewer,
    metrics,
    logger: logger as Logger,
  });
  return { sent, logged, request, counted };
}
const bytes = (text: string): Buffer[] => [Buffer.from(text)];
const admit: Reviewer = (request) => allowed(request.uid, { decision: 'allow' });

function* endless(): Generator<Buffer> {
  const block = Buffer.alloc(1024 * 1024, 'x');
  for (;;) yield block;
}
async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('{"kind":');
  throw new Error('aborted');
}

const closed = (uid: string, message: string) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response: {
    uid,
    allowed: false,
    status: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      reason: 'InternalError',
      code: 500,
      message: `Holdpoint could not judge this request, so it is refused: ${message}`,
    },
  },
});
const internal = 'an internal error; its cause is in the log of the webhook';

describe('handleReview', () => {
  test("a good review: the reviewer's answer, whole, as JSON of known length", async () => {
    const { sent, logged, counted } = await handle(bytes(JSON.stringify(review)), admit);
    const body = allowed('u-1', { decision: 'allow' });
    const length = String(Buffer.byteLength(JSON.stringify(body)));
    expect(sent).toEqual([
      { code: 200, headers: { 'content-type': 'application/json', 'content-length': length }, body },
    ]);
    expect(logged).toEqual([]);
    expect(counted).toEqual([{ path: '/validate', answer: body, error: undefined }]);
  });

  test('a body in pieces, cut within a letter: one body', async () => {
    const whole = Buffer.from(JSON.stringify({ ...review, request: { ...review.request, name: '漢' } }));
    const cut = whole.indexOf('漢') + 1;
    const { sent } = await handle([whole.subarray(0, cut), whole.subarray(cut)], ({ uid, name }) =>
      allowed(uid, { name }),
    );
    expect(sent[0]?.body).toEqual(allowed('u-1', { name: '漢' }));
  });

  const rows: {
    situation: string;
    body: Iterable<Buffer> | AsyncIterable<Buffer>;
    reviewer?: Reviewer;
    want: object;
  }[] = [
    {
      situation: 'no body',
      body: [],
      want: closed('', 'ERR_ADMISSION_REVIEW_INVALID: the body: expected JSON, got 0 characters'),
    },
    {
      situation: 'a body without end',
      body: endless(),
      want: closed('', 'ERR_BODY_TOO_LARGE: the body is larger than 16777216 bytes'),
    },
    { situation: 'a body that breaks off', body: broken(), want: closed('', internal) },
    {
      situation: 'a body that is no JSON: not quoted back',
      body: bytes('secret=hunter2'),
      want: closed('', 'ERR_ADMISSION_REVIEW_INVALID: the body: expected JSON, got 14 characters'),
    },
    {
      situation: 'bytes that are no UTF-8',
      body: [Buffer.from([0xff, 0xfe])],
      want: closed('', 'ERR_ADMISSION_REVIEW_INVALID: the body: expected JSON, got 2 characters'),
    },
    {
      situation: 'null',
      body: bytes('null'),
      want: closed('', 'ERR_ADMISSION_REVIEW_INVALID: the body: expected an object, got null'),
    },
    {
      situation: 'a review of another version: with its uid',
      body: bytes(JSON.stringify({ ...review, apiVersion: 'admission.k8s.io/v1beta1' })),
      want: closed('u-1', 'ERR_ADMISSION_REVIEW_INVALID: apiVersion: expected "admission.k8s.io/v1", got string'),
    },
    {
      situation: 'a review without user: with its uid',
      body: bytes(JSON.stringify({ ...review, request: { ...review.request, userInfo: null } })),
      want: closed('u-1', 'ERR_ADMISSION_REVIEW_INVALID: request.userInfo: expected an object, got null'),
    },
    {
      situation: 'a reviewer that throws: the cause is not told to the client',
      body: bytes(JSON.stringify(review)),
      reviewer: () => {
        throw new TypeError('password is hunter2');
      },
      want: closed('u-1', internal),
    },
    {
      situation: 'a reviewer that throws a SyntaxError of its own: is no broken review',
      body: bytes(JSON.stringify(review)),
      reviewer: () => {
        throw new SyntaxError('bad regex');
      },
      want: closed('u-1', internal),
    },
    {
      situation: 'a reviewer that rejects',
      body: bytes(JSON.stringify(review)),
      reviewer: () => Promise.reject(new Error('connection refused')),
      want: closed('u-1', internal),
    },
    {
      situation: 'a reviewer that fails with an error of ours: its code and words',
      body: bytes(JSON.stringify(review)),
      reviewer: () => Promise.reject(new HoldpointError('ERR_HOLD_CONFLICT', 'h-1: changed 16 times')),
      want: closed('u-1', 'ERR_HOLD_CONFLICT: h-1: changed 16 times'),
    },
    {
      situation: 'nesting deeper than the stack',
      body: bytes(`${JSON.stringify(review).slice(0, -2)},"object":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`),
      reviewer: ({ uid, object }) => allowed(uid, { object: JSON.stringify(object) }),
      want: closed('u-1', internal),
    },
  ];
  test.each(rows)('$situation: allowed: false, code 500, HTTP 200', async ({ body, reviewer, want }) => {
    const { sent, logged, counted } = await handle(body, reviewer ?? admit);
    expect(sent.map(({ code, body: answer }) => ({ code, answer }))).toEqual([{ code: 200, answer: want }]);
    expect(logged).toEqual([expect.objectContaining({ message: 'review failed', err: expect.any(Error) })]);
    expect(counted).toEqual([{ path: '/validate', answer: want, error: expect.any(Error) }]);
  });

  test('what was not JSON is not in the log either', async () => {
    const { logged } = await handle(bytes('secret=hunter2'), admit);
    const { err } = logged[0] as { err: Error };
    expect(`${String(err.stack)} ${String(err.cause)}`).not.toContain('hunter2');
  });

  test('a body without end: no more is read', async () => {
    const { request } = await handle(endless(), admit);
    expect(request.destroyed).toBe(true);
  });

  test('the API server has gone: nothing is sent, nothing thrown', async () => {
    const { sent, counted } = await handle(bytes(JSON.stringify(review)), admit, true);
    expect(sent).toEqual([]);
    expect(counted).toHaveLength(1);
  });
});
