import { describe, expect, test } from '@jest/globals';
import { parseApiServerCounters } from './api-server-counters.ts';

/** As kube-apiserver 1.37 answers, the other thousands of lines left out. */
const answer = `# HELP apiserver_audit_error_total [ALPHA] Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.
# TYPE apiserver_audit_error_total counter
apiserver_audit_error_total{plugin="buffered"} 40
apiserver_audit_error_total{plugin="webhook"} 400
# HELP apiserver_audit_event_total [ALPHA] Counter of audit events generated and sent to the audit backend.
# TYPE apiserver_audit_event_total counter
apiserver_audit_event_total 1.234567e+06
apiserver_audit_requests_rejected_total 2
process_start_time_seconds 1.79012345612e+09
`;

describe('parseApiServerCounters', () => {
  test('all of them, the errors over all backends', () => {
    expect(parseApiServerCounters(answer)).toEqual({
      startedAtMs: 1_790_123_456_120,
      eventsTotal: 1_234_567,
      errorsTotal: 440,
      rejectedTotal: 2,
    });
  });

  test('no error yet: that series is not there', () => {
    expect(parseApiServerCounters(answer.replaceAll(/^apiserver_audit_error_total.*\n/gm, '')).errorsTotal).toBe(0);
  });

  test.each([
    {
      situation: 'an API server that does not count events is not one that is idle',
      from: /^apiserver_audit_event_total.*\n/m,
      to: '',
      want: 'apiserver_audit_event_total: expected a count, got no such series',
    },
    {
      situation: 'no start',
      from: /^process_start.*\n/m,
      to: '',
      want: 'process_start_time_seconds: expected a value, got no such series',
    },
    {
      situation: 'two starts',
      from: /^process_start.*\n/m,
      to: 'process_start_time_seconds 1\nprocess_start_time_seconds 2\n',
      want: 'process_start_time_seconds: expected one value, got 2 of them',
    },
    {
      situation: 'no number for a start',
      from: '1.79012345612e+09',
      to: 'NaN',
      want: 'process_start_time_seconds: expected a number above zero, got NaN',
    },
    {
      situation: 'no number for a count',
      from: '1.234567e+06',
      to: 'NaN',
      want: 'apiserver_audit_event_total: expected a count, got NaN',
    },
    {
      situation: 'an infinite count',
      from: '1.234567e+06',
      to: '+Inf',
      want: 'apiserver_audit_event_total: expected a count, got Infinity',
    },
    {
      situation: 'half an event',
      from: '1.234567e+06',
      to: '0.5',
      want: 'apiserver_audit_event_total: expected a count, got 0.5',
    },
    {
      situation: 'a count past what can be told exactly',
      from: '1.234567e+06',
      to: '1e+16',
      want: 'apiserver_audit_event_total: expected a count, got 10000000000000000',
    },
    {
      situation: 'less than nothing',
      from: '} 40\n',
      to: '} -40\n',
      want: 'apiserver_audit_error_total: expected a count, got -40',
    },
    {
      situation: 'another page',
      from: /^[^]*$/,
      to: '<html></html>\n',
      want: 'process_start_time_seconds: expected a value, got no such series',
    },
  ])('$situation', ({ from, to, want }) => {
    expect(() => parseApiServerCounters(answer.replace(from, to))).toThrow(
      expect.objectContaining({ code: 'ERR_METRICS_INVALID', message: want }),
    );
  });
});
