import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { replaySession } from './audit/replay.ts';
import { sessionsTable } from './audit/sessions.ts';
import type { SqlClient } from './audit/sql-client.ts';
import { auditorSql, type AuditorOptions } from './commands/auditor.ts';
import type { CommandContext } from './commands/context.ts';
import { decideHold } from './commands/decide.ts';
import { list } from './commands/list.ts';
import { show } from './commands/show.ts';
import { formats, parseFormat } from './output/format.ts';

/** What main.ts builds once the global flags are known. */
export interface ProgramParts {
  context: (global: GlobalOptions) => CommandContext;
  /** `kubectl approvals` when kubectl started us. */
  name: string;
  version: string;
}

export interface GlobalOptions {
  kubeconfig?: string;
  context?: string;
}

/** The command line: names, flags and help. What a command does stands in its own file. */
export function createProgram({ context, name, version }: ProgramParts): Command {
  const program = new Command(name)
    .description('Where approvers and auditors work: decide what agents may do, and see what they did.')
    .version(version)
    .option('--kubeconfig <file>', 'kubeconfig to use (default: $KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig to use')
    .showHelpAfterError('(--help tells more)');
  const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(formats).default('table');
  const contextOf = (): CommandContext => context(program.opts<GlobalOptions>());

  program
    .command('list')
    .alias('ls')
    .description('the inbox: holds that wait for a person')
    .option('-a, --all', 'decided and expired holds too', false)
    .addOption(output())
    .action((options: { all: boolean; output: string }) =>
      list(contextOf(), { all: options.all, format: parseFormat(options.output) }),
    );

  program
    .command('show <hold>')
    .description('who asks, why it is held, and the exact change')
    .addOption(output())
    .action((hold: string, options: { output: string }) => show(contextOf(), hold, parseFormat(options.output)));

  program
    .command('approve <hold>')
    .description('approve exactly the change that the hold shows')
    .option('-r, --reason <text>', 'why; kept with the decision')
    .action((hold: string, options: { reason?: string }) => decideHold(contextOf(), hold, 'approve', options.reason));

  program
    .command('deny <hold>')
    .description('deny it; the reason is what the agent gets to read')
    .option('-r, --reason <text>', 'why, and what to do instead')
    .action((hold: string, options: { reason?: string }) => decideHold(contextOf(), hold, 'deny', options.reason));

  addAuditorCommands(program, contextOf);
  return program;
}

function addAuditorCommands(program: Command, contextOf: () => CommandContext): void {
  const withAuditor = (command: Command): Command =>
    command
      .addOption(new Option('--sql-url <url>', 'query endpoint of the audit sink').env('HOLDPOINT_SQL_URL'))
      .addOption(new Option('--sql-token-file <file>', 'file with its token').env('HOLDPOINT_SQL_TOKEN_FILE'))
      .addOption(new Option('--sql-ca-file <file>', 'PEM bundle to verify it with').env('HOLDPOINT_SQL_CA_FILE'));
  const sqlOf = (options: AuditorOptions): SqlClient => auditorSql(options);

  withAuditor(program.command('sessions').description('what agents did, a line a session')).action(
    async (options: AuditorOptions) => contextOf().print(await sessionsTable(sqlOf(options))),
  );

  withAuditor(
    program
      .command('replay <session>')
      .description('the timeline of a session, with its terminals played back')
      .option('--speed <factor>', 'how much faster than it was', parseSpeed, 1)
      .option('--no-wait', 'print at once')
      .addOption(new Option('--as <form>', 'what to print').choices(['timeline', 'asciicast']).default('timeline')),
  ).action(
    (session: string, options: AuditorOptions & { speed: number; wait: boolean; as: 'timeline' | 'asciicast' }) =>
      replaySession(
        session,
        { speed: options.wait ? options.speed : 0, as: options.as },
        { sql: sqlOf(options), write: contextOf().write, sleep: (ms) => sleep(ms) },
      ),
  );

  withAuditor(
    program
      .command('sql <statement>')
      .description('one read-only statement against the audit store')
      .option('-f, --format <name>', "ClickHouse's name of an output format", 'PrettyCompactMonoBlock'),
  ).action(async (statement: string, options: AuditorOptions & { format: string }) =>
    contextOf().write(await sqlOf(options).text(statement, options.format)),
  );
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed <= 0) throw new InvalidArgumentError('expected a number above 0');
  return speed;
}
