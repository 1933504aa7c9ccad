import { HoldpointError } from '../../errors.ts';
import { parsePrometheusText, type Sample } from './prometheus-text.ts';

/**
 * What one API server says of its own audit log, from its start. Each event counts once for every stage that the audit policy
 * does not leave out, whatever becomes of it afterwards. Source: k8s.io/apiserver/pkg/audit/metrics.go.
 */
export interface ApiServerCounters {
  /** Identifies one run: counters begin at zero with it. Milliseconds. */
  startedAtMs: number;
  eventsTotal: number;
  /** Events that some backend gave up, over all backends. */
  errorsTotal: number;
  /** Requests that were refused because they could not be audited. */
  rejectedTotal: number;
}

/** Alpha since they exist, and so never promised: an API server that has renamed them must not look like one that is idle. */
const series = [
  'apiserver_audit_event_total',
  'apiserver_audit_error_total',
  'apiserver_audit_requests_rejected_total',
  'process_start_time_seconds',
] as const;

/**
 * Reads the counters out of an API server's `/metrics`. The errors' series appears with the first error.
 *
 * @throws HoldpointError ERR_METRICS_INVALID naming the series that is missing, or is no count
 */
export function parseApiServerCounters(text: string): ApiServerCounters {
  const found = parsePrometheusText(text, series);
  return {
    startedAtMs: Math.round(numberOf('process_start_time_seconds', found.process_start_time_seconds) * 1_000),
    eventsTotal: countOf('apiserver_audit_event_total', found.apiserver_audit_event_total),
    errorsTotal: sumOf('apiserver_audit_error_total', found.apiserver_audit_error_total),
    rejectedTotal: sumOf('apiserver_audit_requests_rejected_total', found.apiserver_audit_requests_rejected_total),
  };
}

function numberOf(name: string, samples: readonly Sample[]): number {
  const [sample, ...more] = samples;
  if (sample === undefined) throw invalid(name, 'a value', 'no such series');
  if (more.length > 0) throw invalid(name, 'one value', `${String(samples.length)} of them`);
  if (!Number.isFinite(sample.value) || sample.value <= 0)
    throw invalid(name, 'a number above zero', String(sample.value));
  return sample.value;
}

function countOf(name: string, samples: readonly Sample[]): number {
  if (samples.length === 0) throw invalid(name, 'a count', 'no such series');
  return sumOf(name, samples);
}

function sumOf(name: string, samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => {
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(name, 'a count', String(value));
    return sum + value;
  }, 0);
}

function invalid(name: string, expected: string, got: string): HoldpointError {
  return new HoldpointError('ERR_METRICS_INVALID', `${name}: expected ${expected}, got ${got}`, {
    details: { series: name },
  });
}
