import { HoldpointError, type KubernetesObject } from '@holdpoint/core';
import { toYaml } from '@holdpoint/platform';

/** kubectl's `-o`. */
export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof formats)[number];

/** Throws ERR_CONFIG_INVALID naming what was given and what there is. */
export function parseFormat(text: string): Format {
  const format = formats.find((each) => each === text);
  if (format === undefined) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `-o ${text}: expected one of ${formats.join(', ')}`);
  }
  return format;
}

/** For programs: the objects as they are. Undefined for the formats that are for people. */
export function printObjects(objects: readonly KubernetesObject[], format: Format, kind: string): string | undefined {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  switch (format) {
    case 'json':
      return JSON.stringify(list, undefined, 2);
    case 'yaml':
      return toYaml(list).trimEnd();
    case 'name':
      return objects.map((object) => `${kind}/${object.metadata.name ?? ''}`).join('\n');
    case 'table':
    case 'wide':
      return undefined;
  }
}
