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
