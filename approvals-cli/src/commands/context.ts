import type { KubeClient, RawClient } from '@holdpoint/platform';
import type { Style } from '../output/style.ts';

/** What every command works with; built in main.ts, so that a command knows no process. */
export interface CommandContext {
  kube: () => KubeClient;
  raw: () => RawClient;
  style: Style;
  /** Of the terminal; undefined where output is piped, and lines are left whole. */
  columns?: number;
  /** A whole line, or several. */
  print: (text: string) => void;
  /** Exactly this. */
  write: (text: string) => void;
  /** To standard error: what a program that reads our output is not to find there. */
  warn: (text: string) => void;
  now: () => number;
}

/** What the auditor's commands need besides. */
export interface AuditorContext extends CommandContext {
  /** By which the kubeconfig's current user signs in; undefined for one without. */
  bearerToken: () => Promise<string | undefined>;
  /** As `write`; resolves when there is room for more, so that an answer of any length needs no memory. */
  writeAll: (text: string) => Promise<void>;
  isTerminal: boolean;
  readStdin: () => string;
}

/** What logging in needs besides. */
export interface LoginContext extends CommandContext {
  env: Readonly<Record<string, string | undefined>>;
  homeFolder: string;
  /** How a person, or a kubeconfig, starts us: `approvals`, or `kubectl approvals`. */
  program: string;
}
