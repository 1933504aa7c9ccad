import { createHmac } from 'node:crypto';
import {
  compilePolicy,
  createMask,
  parseAdmissionReview,
  type AccessPolicy,
  type AdmissionReviewResponse,
  type CompiledPolicy,
} from '@holdpoint/core';
import { releaseCodec } from '@holdpoint/platform';
import { createMasks, validate, type ValidateParts } from '@holdpoint/webhook';
import { quantile, sorted } from '../statistics.ts';
import { generatePolicies } from './policies.ts';
import { createReview, updateReview } from './reviews.ts';

/** What one review costs, in one situation. Times in milliseconds. */
export interface JudgingResult {
  situation: string;
  reviewBytes: number;
  iterations: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU time of the whole process, its garbage collector's threads included, by the number of reviews. */
  cpuMs: number;
}

const subject = { kind: 'Group', name: 'ai-agents' } as const;
const situations = [
  { policies: 1, governing: 1 },
  { policies: 10, governing: 10 },
  { policies: 100, governing: 100 },
  { policies: 100, governing: 1 },
];
const writes = [
  { name: 'Deployment UPDATE', reviewOf: updateReview },
  { name: 'Deployment CREATE', reviewOf: createReview },
];

/** Different in their values, so that nothing can be remembered from one to the next; their bytes are made beforehand. */
const distinctReviews = 64;
/** Twice as long as it takes until V8 compiles nothing more (seen in the figures of successive seconds). */
const warmUpShare = 0.4;

/**
 * Measures the whole of what `/validate` computes for a write that is allowed, without a network: bytes → JSON → request →
 * verdict → response → bytes.
 *
 * @param secondsPerSituation of measuring; a warm-up comes on top
 * @throws when a review is answered otherwise than "allowed": then something else was measured
 */
export async function measureJudging(secondsPerSituation: number): Promise<JudgingResult[]> {
  const results: JudgingResult[] = [];
  for (const { policies, governing } of situations) {
    const parts = partsWith(generatePolicies({ count: policies, governing, subject }));
    for (const { name, reviewOf } of writes) {
      const reviews = Array.from({ length: distinctReviews }, (_, i) => reviewOf(i));
      await judgeFor(reviews, parts, secondsPerSituation * warmUpShare);
      const { walls, cpuMs } = await judgeFor(reviews, parts, secondsPerSituation);
      const ascending = sorted(walls);
      results.push({
        situation: `${name}, ${String(policies)} ${policies === 1 ? 'policy' : 'policies'}${governing === policies ? '' : `, ${String(governing)} governs`}`,
        reviewBytes: reviews[0]?.length ?? 0,
        iterations: walls.length,
        p50Ms: quantile(ascending, 0.5),
        p99Ms: quantile(ascending, 0.99),
        cpuMs: cpuMs / walls.length,
      });
    }
  }
  return results;
}

async function judgeFor(reviews: readonly Buffer[], parts: ValidateParts, seconds: number) {
  const walls: number[] = [];
  let answerBytes = 0;
  const cpuBefore = process.cpuUsage();
  const until = performance.now() + seconds * 1_000;
  for (let i = 0; performance.now() < until; i += 1) {
    const bytes = reviews[i % reviews.length];
    if (bytes === undefined) break;
    const before = performance.now();
    const answer = await answerTo(bytes, parts);
    walls.push(performance.now() - before);
    answerBytes += answer.length;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  // Looked at, so that nothing of it can be optimised away; and a refusal is longer than any "allowed" of ours.
  const last = JSON.parse((await answerTo(reviews[0] ?? Buffer.of(), parts)).toString()) as AdmissionReviewResponse;
  if (!last.response.allowed || answerBytes < walls.length * 100) {
    throw new Error(`the write was to be allowed, and was answered ${JSON.stringify(last.response)}`);
  }
  return { walls, cpuMs: (user + system) / 1_000 };
}

/** As the webhook's handler does it, between the last byte of the request's body and the first of the answer's. */
async function answerTo(bytes: Buffer, parts: ValidateParts): Promise<Buffer> {
  const request = parseAdmissionReview(JSON.parse(bytes.toString('utf8')));
  return Buffer.from(JSON.stringify(await validate(request, parts)));
}

function partsWith(policies: readonly AccessPolicy[]): ValidateParts {
  const compiled = policies.map(compiledOrThrow);
  const hmac = (text: string): string => createHmac('sha256', 'bench').update(text).digest('hex');
  const unexpected = (): never => {
    throw new Error('an allowed write asks for no hold and no grant');
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench', labels: { env: 'bench' } } };
  return {
    policies: () => compiled,
    namespaceObject: () => Promise.resolve(namespace),
    grants: { use: unexpected, peek: unexpected },
    desk: { ask: unexpected, peek: unexpected },
    hmac,
    mask: createMask(hmac),
    masks: createMasks(createMask(hmac), releaseCodec, () => compiled),
    now: () => Date.now(),
  };
}

function compiledOrThrow(source: AccessPolicy): CompiledPolicy {
  const result = compilePolicy(source);
  if ('policy' in result) return result.policy;
  throw new Error(`${source.metadata.name ?? ''}: ${JSON.stringify(result.problems)}`);
}
