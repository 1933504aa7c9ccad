import { setTimeout as sleep } from 'node:timers/promises';
import type { Narrator } from '../narrator.ts';
import type { CommandResult, RunningCommand } from '../process/command.ts';
import type { Stack } from '../stack.ts';
import type { User } from '../users.ts';

/** What a step of the tour has at hand: it shows every command that it runs, and every check that it makes. */
export interface Story {
  stack: Stack;
  say(text: string): void;
  /** Runs kubectl as `user`, shown as that user would type it. */
  kubectl(user: User, args: string[], options?: { input?: string; show?: string }): Promise<CommandResult>;
  /** Starts kubectl as `user` and leaves it running. */
  start(user: User, args: string[], options?: { input?: string; show?: string }): RunningCommand;
  /** Runs the approvals CLI as `user`. */
  approvals(user: User, args: string[]): Promise<CommandResult>;
  /** Looks at the cluster as an admin, without showing it: what a check rests on. */
  look(args: string[]): Promise<string>;
  output(text: string): void;
  check(what: string, held: boolean): void;
  /** Polls until `probe` gives a value; a check that fails after `timeoutMs`. */
  until<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs?: number): Promise<T>;
}

export interface Step {
  title: string;
  run(story: Story): Promise<void>;
}

export interface StepOutcome {
  title: string;
  checks: number;
  failures: string[];
}

/** Ends a step that cannot go on; the tour goes on with the next. */
class StepFailed extends Error {}

const pollMs = 250;

/** Runs one step. Never throws: whatever goes wrong is a failure of the step. */
export async function runStep(step: Step, stack: Stack, narrator: Narrator): Promise<StepOutcome> {
  const outcome: StepOutcome = { title: step.title, checks: 0, failures: [] };
  const started: RunningCommand[] = [];
  const check = (what: string, held: boolean): void => {
    outcome.checks += 1;
    if (!held) outcome.failures.push(what);
    narrator.check({ what, held });
  };
  const show = (user: User, program: string, args: string[], options: { show?: string } = {}): void =>
    narrator.command(nameOf(user), options.show ?? `${program} ${args.map(quote).join(' ')}`);
  const shown = (result: CommandResult): CommandResult => {
    if (`${result.stdout}${result.stderr}` !== '') narrator.output(`${result.stdout}${result.stderr}`);
    return result;
  };

  const story: Story = {
    stack,
    say: (text) => narrator.say(text),
    output: (text) => narrator.output(text),
    async kubectl(user, args, options = {}) {
      show(user, 'kubectl', args, options);
      return shown(await stack.kubectl(user, args, options.input === undefined ? {} : { input: options.input }));
    },
    start(user, args, options = {}) {
      show(user, 'kubectl', args, options);
      const running = stack.kubectlStart(user, args, options.input === undefined ? {} : { input: options.input });
      started.push(running);
      return running;
    },
    async approvals(user, args) {
      show(user, 'approvals', args);
      return shown(await stack.approvals(user, args));
    },
    async look(args) {
      const result = await stack.kubectl('admin', args);
      return result.stdout;
    },
    check,
    async until(what, probe, timeoutMs = 30_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const value = await probe();
        if (value !== undefined) {
          check(what, true);
          return value;
        }
        if (Date.now() > deadline) {
          check(what, false);
          throw new StepFailed(what);
        }
        await sleep(pollMs);
      }
    },
  };

  narrator.title(step.title);
  try {
    await step.run(story);
  } catch (error) {
    if (!(error instanceof StepFailed))
      check(`no error: ${error instanceof Error ? error.message : String(error)}`, false);
  } finally {
    for (const running of started) running.kill();
  }
  return outcome;
}

function nameOf(user: User): string {
  return user;
}

function quote(argument: string): string {
  return /^[\w@%+=:,./{}[\]-]+$/.test(argument) && !/[{}[\]]/.test(argument) ? argument : `'${argument}'`;
}
