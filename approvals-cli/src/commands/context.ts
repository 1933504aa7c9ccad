import type { KubeClient } from '@holdpoint/platform';
import type { Style } from '../output/style.ts';

/** What every command works with; built in main.ts, so that a command knows no process. */
export interface CommandContext {
  kube: () => KubeClient;
  style: Style;
  /** A whole line, or several. */
  print: (text: string) => void;
  /** Exactly this. */
  write: (text: string) => void;
  now: () => number;
}
