import { pathToFileURL } from 'node:url';
import { inRepository } from '@holdpoint/local';

/** Flags of Node that load a file of this folder before a service, with what it is told: see crash-at.ts, shifted-clock.ts. */
export function preload(name: string, query: Readonly<Record<string, string>>): string[] {
  return [
    '--import',
    `${pathToFileURL(inRepository('test', 'src', name)).href}?${new URLSearchParams(query).toString()}`,
  ];
}
