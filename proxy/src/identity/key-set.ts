import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { HoldpointError, messageOf } from '@holdpoint/core';
import type { FetchKeys } from './discovery.ts';

/** An issuer that answers is asked this often: a key that it withdraws is believed for no longer. */
const freshMs = 5 * 60_000;
/** While it does not answer, its last keys are believed for this long: an outage need not lock everybody out, nor for ever. */
const believedMs = 60 * 60_000;
/** A key nobody has seen is asked for at most this often, so that made-up key ids cost the issuer nothing. */
const unknownKeyMs = 30_000;
/** An issuer that just did not answer is left alone for this long; who comes meanwhile is told at once. */
const failedMs = 5_000;

/**
 * One issuer's keys: fetched with the first token, fetched again as they age or when a token names one that is not there.
 * However many tokens wait, it is asked once. Rejects with ERR_UPSTREAM_UNAVAILABLE when there are no keys to believe.
 *
 * @param name of the issuer, for the message
 * @param now milliseconds
 */
export function createKeySet(name: string, fetchKeys: FetchKeys, now: () => number): JWTVerifyGetKey {
  let keys: { select: JWTVerifyGetKey; fetchedAt: number } | undefined;
  let asking: Promise<void> | undefined;
  let failed: { at: number; error: HoldpointError } | undefined;

  const ask = async (): Promise<void> => {
    try {
      const select = createLocalJWKSet(await fetchKeys());
      keys = { select, fetchedAt: now() };
      failed = undefined;
    } catch (cause) {
      const message = `the issuer ${name} gives no keys: ${causesOf(cause)}`;
      failed = { at: now(), error: new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', message, { cause }) };
      throw failed.error;
    } finally {
      asking = undefined;
    }
  };
  const refresh = async (): Promise<void> => {
    if (asking === undefined && failed !== undefined && now() - failed.at < failedMs) throw failed.error;
    await (asking ??= ask());
  };
  const age = (): number => (keys === undefined ? Infinity : now() - keys.fetchedAt);

  return async (header, token) => {
    if (age() > freshMs) {
      await refresh().catch((error: unknown) => {
        if (age() > believedMs) throw error;
      });
    }
    try {
      return await selectFrom(keys?.select, header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || age() < unknownKeyMs) throw error;
      await refresh();
      return await selectFrom(keys?.select, header, token);
    }
  };
}

function selectFrom(
  select: JWTVerifyGetKey | undefined,
  ...of: Parameters<JWTVerifyGetKey>
): ReturnType<JWTVerifyGetKey> {
  if (select === undefined) throw new errors.JWKSNoMatchingKey();
  return select(...of);
}

/** fetch says no more than that it failed; why is in what it was caused by. */
function causesOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${causesOf(cause)}`;
}
