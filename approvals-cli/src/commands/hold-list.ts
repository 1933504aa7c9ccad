import { HoldpointError, isJsonObject, phaseAt, type Hold } from '@holdpoint/core';
import { KubeApiError, type RawClient } from '@holdpoint/platform';
import { formatSpan } from '../output/age.ts';
import { printRequest } from '../output/request.ts';

/** Which holds are asked for. */
export interface HoldFilter {
  subject?: string;
  policy?: string;
  /** A field selector's term. */
  phase?: string;
}

const path = '/apis/holdpoint.dev/v1alpha1/holds';
/** The whole answer in rows of a few hundred bytes, where the objects would be tens of KiB each. */
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io';
/** A person reads no more at once, and each is read whole for it. */
export const defaultLimit = 50;
/** Fewer round trips wait behind one another; more would be a burst that the API server's fairness holds back anyway. */
const readersAtOnce = 8;

/** Holds in one answer, whole: for what is few, such as what is pending. */
export async function listHolds(raw: RawClient, filter: HoldFilter): Promise<Hold[]> {
  const list = (await raw.get(path, { query: selectors(filter) })) as { items: Hold[] };
  return list.items.filter((hold) => filter.policy === undefined || hold.spec.policy === filter.policy);
}

/**
 * The holds that were created last, newest first, whole. The API server lists by name, not by time: all are asked for as rows
 * of a Table, which say when each was created, and only the newest are then read.
 *
 * @returns those, and how many there are in all
 */
export async function newestHolds(
  raw: RawClient,
  filter: HoldFilter,
  { limit, sinceMs }: { limit: number; sinceMs?: number },
): Promise<{ holds: Hold[]; total: number }> {
  const query = { ...selectors(filter), includeObject: 'None' };
  const rows = rowsOf(await raw.get(path, { query, accept: asTable })).filter(
    (row) =>
      (filter.policy === undefined || row.policy === filter.policy) &&
      (sinceMs === undefined || Date.parse(row.created) >= sinceMs),
  );
  rows.sort((a, b) => b.created.localeCompare(a.created) || a.name.localeCompare(b.name));
  const wanted = rows.slice(0, limit).map(({ name }) => name);
  const holds: (Hold | undefined)[] = [];
  const next = wanted.entries();
  const read = async (): Promise<void> => {
    for (const [i, name] of next) holds[i] = await getOrNone(raw, name);
  };
  await Promise.all(Array.from({ length: readersAtOnce }, read));
  return { holds: holds.filter((hold) => hold !== undefined), total: rows.length };
}

async function getOrNone(raw: RawClient, name: string): Promise<Hold | undefined> {
  try {
    return (await raw.get(`${path}/${encodeURIComponent(name)}`)) as Hold;
  } catch (error) {
    if (error instanceof KubeApiError && error.code === 404) return undefined; // Removed since it was listed.
    throw error;
  }
}

function selectors({ subject, phase }: HoldFilter): Record<string, string> {
  const terms = [
    ...(phase === undefined ? [] : [`status.phase${phase}`]),
    ...(subject === undefined ? [] : [`spec.subject.username=${escapeSelector(subject)}`]),
  ];
  return terms.length === 0 ? {} : { fieldSelector: terms.join(',') };
}

/** Source: apimachinery fields.EscapeValue. */
function escapeSelector(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`);
}

function rowsOf(table: unknown): { name: string; created: string; policy: string }[] {
  if (!isJsonObject(table) || !Array.isArray(table['columnDefinitions']) || !Array.isArray(table['rows'] ?? [])) {
    throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'the API server answered with no Table of holds');
  }
  const names = table['columnDefinitions'].map((column) => (isJsonObject(column) ? column['name'] : undefined));
  const [name, created, policy] = ['Name', 'Created', 'Policy'].map((each) => names.indexOf(each));
  if (name === undefined || created === undefined || policy === undefined || Math.min(name, created, policy) < 0) {
    throw new HoldpointError(
      'ERR_UPSTREAM_UNAVAILABLE',
      'the Hold CRD of this cluster has no column "Created": apply deploy/crds of this version',
    );
  }
  return ((table['rows'] ?? []) as { cells: unknown[] }[]).map(({ cells }) => ({
    name: String(cells[name]),
    created: String(cells[created]),
    policy: String(cells[policy]),
  }));
}

/** The columns that every list of holds begins with. */
export const holdHeaders = ['NAME', 'PHASE', 'SUBJECT', 'REQUEST', 'RULE', 'EXPIRES IN', 'AGE'];
export const wideHoldHeaders = ['SESSION', 'DECIDED BY'];

export function holdRow(hold: Hold, nowMs: number, wide: boolean): string[] {
  const phase = phaseAt(hold, nowMs);
  const { subject, request, policy, rule, expiresAt } = hold.spec;
  return [
    hold.metadata.name ?? '',
    phase,
    subject.username,
    printRequest(request),
    `${policy}/${rule}`,
    phase === 'Pending' ? formatSpan(Date.parse(expiresAt) - nowMs) : '-',
    formatSpan(nowMs - Date.parse(hold.metadata.creationTimestamp ?? '')),
    ...(wide ? [subject.session ?? '-', hold.status?.decisions.map((each) => each.by).join(',') ?? '-'] : []),
  ];
}
