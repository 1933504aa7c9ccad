/**
 * `npm run crash:auditsink`: kills the audit sink under load, at its named points and at any moment. Ends with 1 unless the
 * store then holds exactly what was acknowledged, each event once, and its chain is whole.
 */
import { parseFlags } from '@holdpoint/platform';
import { createRandom } from '../bench/load/rounds.ts';
import { createAuditSink } from '../src/audit-sink.ts';
import { verifyStore } from '../src/verify-store.ts';
import { crashAgainAndAgain, crashPoints, type CrashPoint } from './audit-crashes.ts';

const flags = parseFlags(process.argv.slice(2), {
  kills: { description: 'how many times; every other one at a named point', default: '112' },
  servers: { description: 'API servers that send', default: '2' },
  seed: { description: 'of the moments', default: '1' },
});
const named = crashPoints.filter((point) => point !== 'any moment');
const points = Array.from({ length: Number(flags.kills) }, (_, i): CrashPoint =>
  i % 2 === 0 ? (named[(i / 2) % named.length] ?? 'any moment') : 'any moment',
);
const sink = await createAuditSink();
try {
  const result = await crashAgainAndAgain(sink, {
    points,
    servers: Number(flags.servers),
    random: createRandom(Number(flags.seed)),
    onRound: (round, point) => process.stderr.write(`… ${String(round + 1)} of ${flags.kills}: ${point}\n`),
  });
  const { acknowledged, stored, distinct, known, resent, deaths } = result;
  const died = Object.values(deaths).reduce((sum, count) => sum + count, 0);
  process.stdout.write(
    `${String(died)} deaths ${JSON.stringify(deaths)}\n` +
      `${String(acknowledged)} events acknowledged, ${String(resent)} POSTs sent again\n` +
      `${String(stored)} stored, ${String(distinct)} distinct, ${String(known)} of them sent: ` +
      `${String(acknowledged - known)} lost, ${String(stored - distinct)} doubled\n`,
  );
  const chains = await verifyStore(sink.sql, 'audit_events');
  const findings = chains.reduce((sum, { findingCount }) => sum + findingCount, 0);
  const chained = chains.reduce((sum, { rows }) => sum + rows, 0);
  process.stdout.write(`chain: ${String(chained)} rows walked, ${String(findings)} findings\n`);
  if (new Set([acknowledged, stored, distinct, known, chained]).size !== 1 || findings > 0) process.exitCode = 1;
} finally {
  await sink.close();
}
