import { Command, Option } from 'commander';
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

  return program;
}
