import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { HoldpointError } from '@holdpoint/core';
import { replayFormats } from './audit/replay.ts';
import { sqlFormats } from './audit/run-sql.ts';
import { findSessions, printSessions, sessionFormats, type SessionFilter } from './audit/sessions.ts';
import { verifyFormats } from './audit/verify.ts';
import { auditorSql, decisions, type AuditorOptions } from './commands/auditor.ts';
import type { AuditorContext, CommandContext, LoginContext } from './commands/context.ts';
import { decideHolds } from './commands/decide.ts';
import { checkDuration, giveGrant, listGrants, parseRuleName, revokeGrants } from './commands/grant.ts';
import { decidedPhases, history } from './commands/history.ts';
import { defaultLimit } from './commands/hold-list.ts';
import { writeKubeconfig, type KubeconfigFlags } from './commands/kubeconfig.ts';
import { list } from './commands/list.ts';
import { logout, type LogoutFlags } from './commands/logout.ts';
import { login, type LoginCommandFlags } from './commands/login.ts';
import { checkPolicies, testPolicies } from './commands/policy-test.ts';
import { replay, type ReplayFlags } from './commands/replay.ts';
import { show } from './commands/show.ts';
import { sql, type SqlFlags } from './commands/sql.ts';
import { verify, type VerifyFlags } from './commands/verify.ts';
import { watchHolds } from './commands/watch.ts';
import { defaultScopes } from './login/login-settings.ts';
import { candidatesFor, clusterLookup, type CommandShape } from './completion/candidates.ts';
import { completionScript, shells, type Shell } from './completion/scripts.ts';
import { exitCodes, failureOf } from './output/failure.ts';
import { formats, parseFormat } from './output/format.ts';

/** What main.ts builds once the global flags are known. */
export interface ProgramParts {
  context: (global: GlobalOptions) => AuditorContext & LoginContext;
  /** `kubectl approvals` when kubectl started us. */
  name: string;
  version: string;
  /** Ends a command that runs until it is told to stop. */
  signal: AbortSignal;
}

export interface GlobalOptions {
  kubeconfig?: string;
  context?: string;
}

/** Runs a command line. Never rejects: resolves with the exit code, what went wrong having been told by `tell`. */
export async function runProgram(program: Command, argv: string[], tell: (text: string) => void): Promise<number> {
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Help and version are no errors, and what is one has been told by the parser itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const { text, code } = failureOf(error);
    tell(text);
    return code;
  }
}

interface PrintOptions {
  output: string;
  headers: boolean;
}

interface FilterOptions {
  subject?: string;
  policy?: string;
}

/** The command line: names, flags and help. What a command does stands in its own file. */
export function createProgram({ context, name, version, signal }: ProgramParts): Command {
  const program = new Command(name)
    .exitOverride()
    .description('Where approvers and auditors work: decide what agents may do, and see what they did.')
    .version(version)
    .option('--kubeconfig <file>', 'kubeconfig to use (default: $KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig to use')
    .showHelpAfterError('(--help tells more)');
  const contextOf = (): AuditorContext & LoginContext => context(program.opts<GlobalOptions>());
  addInboxCommands(program, contextOf, signal);
  addDecidingCommands(program, contextOf);
  addGrantCommands(program, contextOf);
  addPolicyCommands(program, contextOf);
  addLoginCommands(program, contextOf);
  addSetUpCommands(program, contextOf);
  addAuditorCommands(program, contextOf, signal);
  return program;
}

function output(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(formats).default('table');
}

function withFilter(command: Command): Command {
  return command
    .option('--subject <username>', 'of this user alone')
    .option('--policy <name>', 'held by this policy alone')
    .option('--no-headers', 'without the line of headers')
    .addOption(output());
}

function withLimit(command: Command): Command {
  return command.option('--limit <n>', 'how many at most', parseCount, defaultLimit);
}

function addInboxCommands(program: Command, contextOf: () => CommandContext, signal: AbortSignal): void {
  withLimit(
    withFilter(
      program
        .command('list')
        .alias('ls')
        .description('the inbox: holds that wait for a person')
        .option('-A, --all', 'decided and expired holds too, newest first', false),
    ),
  ).action(({ output: format, ...options }: PrintOptions & FilterOptions & { all: boolean; limit: number }) =>
    list(contextOf(), { ...options, format: parseFormat(format) }),
  );

  program
    .command('show <hold>')
    .description('who asks, why it is held, the exact change, and what goes with it')
    .option('--full', 'the whole object around the change', false)
    .option('--context-lines <n>', 'unchanged lines around each change', parseLines, 3)
    .addOption(output())
    .action((hold: string, options: { output: string; full: boolean; contextLines: number }) =>
      show(contextOf(), hold, {
        format: parseFormat(options.output),
        contextLines: options.full ? Infinity : options.contextLines,
      }),
    );

  program
    .command('watch')
    .description('prints holds as they come, until Ctrl-C')
    .option('-a, --all', 'what becomes of them too', false)
    .option('--bell', "rings the terminal's bell for each new one", false)
    .option('--exec <command>', 'runs it for each new one, with its name in $HOLDPOINT_HOLD')
    .action(({ exec, ...options }: { all: boolean; bell: boolean; exec?: string }) => {
      const run = contextOf();
      return watchHolds(run, {
        ...options,
        signal,
        ...(exec === undefined ? {} : { onPending: (hold: string) => runFor(run, exec, hold) }),
      });
    });

  withLimit(
    withFilter(
      program
        .command('history')
        .description('what was decided, newest first: by whom, why, and after how long')
        .addOption(new Option('--phase <phase>', 'in this phase alone').choices(decidedPhases))
        .option('--since <span>', 'asked within that time, such as 24h or 7d'),
    ),
  ).action(
    ({
      output: format,
      ...options
    }: PrintOptions & FilterOptions & { phase?: string; since?: string; limit: number }) =>
      history(contextOf(), { ...options, format: parseFormat(format) }),
  );
}

/** The name is a hold's, which the API server has checked; it goes into the environment, never into the command. */
function runFor(context: CommandContext, command: string, hold: string): void {
  const child = spawn('/usr/bin/env', [`HOLDPOINT_HOLD=${hold}`, '/bin/sh', '-c', command], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.on('error', (error) => context.warn(`--exec: ${error.message}`));
}

interface GrantFlags {
  uses?: number;
  namespace?: string[];
  reason?: string;
}

function termsOf(duration: string, { uses, namespace, reason }: GrantFlags) {
  checkDuration(duration);
  return {
    duration,
    ...(uses === undefined ? {} : { maxUses: uses }),
    ...(namespace === undefined ? {} : { namespaces: namespace }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function addDecidingCommands(program: Command, contextOf: () => CommandContext): void {
  program
    .command('approve <hold...>')
    .description('approve exactly the change that the hold shows')
    .option('-r, --reason <text>', 'why; kept with the decision')
    .option('--grant <duration>', 'and for so long whatever this rule holds of this subject and session')
    .option('--uses <n>', 'with --grant: at most so many times', parseCount)
    .option('-n, --namespace <name>', 'with --grant: in this namespace alone; may be repeated', collect)
    .action(async (holds: string[], options: GrantFlags & { grant?: string }) => {
      const { grant, reason, uses, namespace } = options;
      if (grant === undefined && (uses !== undefined || namespace !== undefined)) {
        throw new HoldpointError(
          'ERR_CONFIG_INVALID',
          '--uses and --namespace are about a grant: give --grant DURATION',
        );
      }
      await decideHolds(contextOf(), holds, {
        verdict: 'approve',
        ...(reason === undefined ? {} : { reason }),
        ...(grant === undefined ? {} : { grant: termsOf(grant, options) }),
      });
    });

  program
    .command('deny <hold...>')
    .description('deny it; the reason is what the agent gets to read')
    .option('-r, --reason <text>', 'why, and what to do instead')
    .action((holds: string[], options: { reason?: string }) =>
      decideHolds(contextOf(), holds, { verdict: 'deny', ...options }),
    );
}

function addGrantCommands(program: Command, contextOf: () => CommandContext): void {
  program
    .command('grant <subject>')
    .description('lets a user pass a rule without asking, for a while')
    .requiredOption('--rule <policy/rule>', 'the rule whose question it answers')
    .requiredOption('--for <duration>', 'for how long, such as 15m; at most a day')
    .option('--uses <n>', 'at most so many times', parseCount)
    .option('--session <id>', 'in this session alone')
    .option('-n, --namespace <name>', 'in this namespace alone; may be repeated', collect)
    .option('-r, --reason <text>', 'why; kept with the grant')
    .action(async (username: string, options: GrantFlags & { rule: string; for: string; session?: string }) => {
      const { session } = options;
      await giveGrant(contextOf(), {
        ...termsOf(options.for, options),
        ...parseRuleName(options.rule),
        username,
        ...(session === undefined ? {} : { session }),
      });
    });

  program
    .command('grants')
    .description('the grants that are in force')
    .option('-A, --all', 'those that are over too', false)
    .option('--subject <username>', 'of this user alone')
    .option('--no-headers', 'without the line of headers')
    .addOption(output())
    .action(({ output: format, ...options }: PrintOptions & { all: boolean; subject?: string }) =>
      listGrants(contextOf(), { ...options, format: parseFormat(format) }),
    );

  program
    .command('revoke <grant...>')
    .description('ends a grant; the next request asks again')
    .option('-r, --reason <text>', 'why; kept with the grant')
    .action((grants: string[], options: { reason?: string }) => revokeGrants(contextOf(), grants, options.reason));
}

function addPolicyCommands(program: Command, contextOf: () => CommandContext): void {
  const policy = program.command('policy').description('tries policies offline, by the engine that enforces them');
  policy
    .command('test')
    .description('judges example requests, and tells how each verdict comes about')
    .requiredOption('-f, --filename <file...>', 'files with AccessPolicies')
    .requiredOption('-r, --request <file...>', 'files with example requests')
    .action((options: { filename: string[]; request: string[] }) => {
      const failed = testPolicies(contextOf(), options.filename, options.request);
      if (failed > 0) throw new Error(`${String(failed)} expectations were not met`);
    });
  policy
    .command('check')
    .description('tells what is wrong with policies, as applying them would')
    .requiredOption('-f, --filename <file...>', 'files with AccessPolicies')
    .action((options: { filename: string[] }) => {
      const problems = checkPolicies(contextOf(), options.filename);
      if (problems > 0) throw new Error(`${String(problems)} problems found`);
    });
}

function addLoginCommands(program: Command, contextOf: () => LoginContext): void {
  const withIssuer = (command: Command): Command =>
    command
      .option('--issuer <url>', 'OIDC issuer, as its tokens name it')
      .option('--client-id <id>', 'public client that the issuer knows us by')
      .option('--scopes <names>', 'scopes to ask for, separated by commas', defaultScopes)
      .option('--audience <name>', 'whom the token is for: its access token, in place of the id token')
      .option('--ca-file <file>', "PEM bundle to verify the issuer with (default: the system's)")
      .option('--allow-insecure-issuer', 'takes an http:// issuer on a loopback address', false);

  withIssuer(
    program.command('login').description('logs in, or renews what is kept; also a credential plugin of kubectl'),
  )
    .option('--device', 'log in by a code, on any device', false)
    .option('--token-env <name>', 'hands on the token in this variable, in place of a login')
    .option('--no-browser', 'tells the address, and opens no browser')
    .option('--force', 'logs in, whatever is kept', false)
    .option('--exec-credential', 'prints an ExecCredential, as a plugin does', false)
    .action((options: LoginCommandFlags) => login(contextOf(), options));

  withIssuer(
    program.command('logout').description('forgets what is kept of a login, and has the issuer end it'),
  ).action((options: LogoutFlags) => logout(contextOf(), options));

  withIssuer(
    program
      .command('kubeconfig')
      .description("writes an agent's kubeconfig for the proxy")
      .requiredOption('--server <url>', 'the proxy, as the agent reaches it')
      .requiredOption('--certificate-authority <file>', 'PEM bundle that signs its certificate'),
  )
    .option('--device', 'have people log in by a code, on any device', false)
    .option('--token-file <file>', "file with the agent's token, read anew as it changes")
    .option('--token-env <name>', 'variable with the token, as in a pipeline')
    .option('--token-stdin', "reads the agent's token from standard input, and writes it down", false)
    .option('--exec-command <word...>', 'command that prints an ExecCredential')
    .option('--name <name>', 'of the context, the cluster and the user', 'agent')
    .option('-n, --namespace <name>', 'of the context')
    .option('-o, --output <file>', 'kubeconfig to add it to, for its owner alone (default: standard output)')
    .option('--replace', 'in place of entries of that name', false)
    .option('--use', 'makes it the current context', false)
    .action((options: KubeconfigFlags) => writeKubeconfig(contextOf(), options, () => readFileSync(0, 'utf8')));
}

function addSetUpCommands(program: Command, contextOf: () => CommandContext): void {
  program
    .command('completion')
    .description('prints a script that completes command lines in a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => contextOf().write(completionScript(shell)));

  program
    .command('__complete', { hidden: true })
    .argument('[word...]')
    .action(async (words: string[]) => {
      const found = await candidatesFor(shapeOf(program), words, clusterLookup(contextOf()));
      if (found.length > 0) contextOf().print(found.join('\n'));
    });
}

/** The command line as completion sees it: what is hidden is not offered. */
function shapeOf(command: Command): CommandShape {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    aliases: command.aliases(),
    flags: command.options.map(({ long, short, required, optional, argChoices }) => ({
      names: [long, short].filter((each) => typeof each === 'string'),
      takesValue: required || optional,
      choices: argChoices ?? [],
    })),
    argument: argument?.name() ?? '',
    commands: command.commands.filter((each) => !each.name().startsWith('_')).map(shapeOf),
  };
}

function addAuditorCommands(program: Command, contextOf: () => AuditorContext, signal: AbortSignal): void {
  const withAuditor = (command: Command): Command =>
    command
      .addOption(new Option('--sql-url <url>', 'query endpoint of the audit sink').env('HOLDPOINT_SQL_URL'))
      .addOption(
        new Option('--sql-token-file <file>', "file with its token (default: the kubeconfig user's token)").env(
          'HOLDPOINT_SQL_TOKEN_FILE',
        ),
      )
      .addOption(new Option('--sql-ca-file <file>', 'PEM bundle to verify it with').env('HOLDPOINT_SQL_CA_FILE'));

  withAuditor(
    program
      .command('sessions')
      .description('what agents did, a line a session, newest first')
      .option('--subject <username>', 'of this user alone')
      .option('--since <time>', 'with requests since: a span such as 2h, or an RFC 3339 time')
      .option('--until <time>', 'with requests until then')
      .addOption(new Option('--decision <verdict>', 'with a request so decided').choices(decisions))
      .option('--namespace <name>', 'with a request in this namespace')
      .option('--resource <resource>', 'with a request for it, such as pods, deployments.apps or pods/exec')
      .option('--limit <n>', 'how many at most', parseCount, defaultLimit)
      .addOption(new Option('-o, --output <format>', 'how to print').choices(sessionFormats).default('table')),
  ).action(async (options: AuditorOptions & SessionFilter & { output: (typeof sessionFormats)[number] }) => {
    const context = contextOf();
    const found = await findSessions(auditorSql(options, context), options, context.now());
    if (found.length === 0 && options.output === 'table') context.warn('No sessions found on record.');
    else context.print(printSessions(found, options.output));
    if (found.length === options.limit) context.warn(`The newest ${String(found.length)}; --limit shows more.`);
  });

  withAuditor(
    program
      .command('replay <session>')
      .description('the timeline of a session; or one of its terminals, played back')
      .option('-f, --follow', 'go on with what comes, until Ctrl-C', false)
      .option('--recording <id>', 'play this terminal')
      .option('--speed <factor>', 'with --recording: how much faster than it was', parseSpeed, 1)
      .option('--no-wait', 'with --recording: print it at once')
      .option('--full', 'whole changes and terminals, however long', false)
      .addOption(new Option('-o, --output <format>', 'how to print').choices(replayFormats).default('text'))
      .option('--file <file>', 'file to write, for its owner alone (default: standard output)'),
  ).action((session: string, options: ReplayFlags) => replay(contextOf(), session, options, signal));

  withAuditor(
    program
      .command('verify')
      .description('checks that the record is as it was written')
      .option('--public-key <file>', "the sinks' Ed25519 key (PEM), to check the checkpoints' signatures with")
      .addOption(new Option('-o, --output <format>', 'how to print').choices(verifyFormats).default('table')),
  ).action(async (options: VerifyFlags) => {
    if (!(await verify(contextOf(), options))) throw new Error('the record is not as it was written');
  });

  withAuditor(
    program
      .command('sql [statement]')
      .description('one read-only statement against the audit store')
      .option('-f, --file <file>', 'file with the statement; - for standard input')
      .option('--param <name=value>', 'stands for {name:Type} in the statement; may be repeated', collect)
      .addOption(new Option('-o, --output <format>', 'how to print').choices(sqlFormats))
      .option('--format <name>', "ClickHouse's name of any other output format"),
  ).action((statement: string | undefined, options: SqlFlags) => sql(contextOf(), statement, options));
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed <= 0) throw new InvalidArgumentError('expected a number above 0');
  return speed;
}

/** One value a flag: a list would swallow the holds that stand behind it. */
function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('expected a whole number above 0');
  return count;
}

function parseLines(text: string): number {
  const lines = Number(text);
  if (!Number.isSafeInteger(lines) || lines < 0) throw new InvalidArgumentError('expected a whole number');
  return lines;
}
