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
  const names = objects.map((object) => nameOf(object, kind)).join('\n');
  return format === 'name' ? names : printValue({ apiVersion: 'v1', kind: 'List', items: objects }, format);
}

/** As printObjects, for one that was asked for by name: itself, and not a list of one. */
export function printObject(object: KubernetesObject, format: Format, kind: string): string | undefined {
  return format === 'name' ? nameOf(object, kind) : printValue(object, format);
}

function nameOf(object: KubernetesObject, kind: string): string {
  return `${kind}/${object.metadata.name ?? ''}`;
}

function printValue(value: object, format: Exclude<Format, 'name'>): string | undefined {
  switch (format) {
    case 'json':
      return JSON.stringify(value, undefined, 2);
    case 'yaml':
      return toYaml(value).trimEnd();
    case 'table':
    case 'wide':
      return undefined;
  }
}
