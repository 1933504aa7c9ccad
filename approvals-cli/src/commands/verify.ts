import { printVerification, readPublicKey, verifyStore, type verifyFormats } from '../audit/verify.ts';
import { CheckFailed } from '../output/failure.ts';
import { auditorSql, type AuditorOptions } from './auditor.ts';
import type { AuditorContext } from './context.ts';

export interface VerifyFlags extends AuditorOptions {
  publicKey?: string;
  output: (typeof verifyFormats)[number];
}

/**
 * Checks that the record is as the sinks wrote it.
 *
 * @throws CheckFailed when it could not be checked
 * @returns true when it is
 */
export async function verify(
  context: AuditorContext,
  { publicKey, output, ...options }: VerifyFlags,
): Promise<boolean> {
  try {
    const verification = await verifyStore({
      sql: auditorSql(options, context),
      nowMs: context.now(),
      ...(publicKey === undefined ? {} : { publicKey: readPublicKey(publicKey) }),
    });
    context.print(
      output === 'json' ? JSON.stringify(verification, undefined, 2) : printVerification(verification, context.style),
    );
    return verification.findings === 0;
  } catch (error) {
    throw new CheckFailed(error);
  }
}
