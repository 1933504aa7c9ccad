import { expect, test } from '@jest/globals';
import { toStoreTime } from './event-time.ts';

test.each([
  { text: '2026-05-04T10:11:12.000345Z', want: '2026-05-04 10:11:12.000345' },
  { text: '2026-05-04T10:11:12Z', want: '2026-05-04 10:11:12.000000' },
  { text: '2026-05-04T10:11:12.5Z', want: '2026-05-04 10:11:12.500000' },
  { text: '2026-05-04T10:11:12.123456789Z', want: '2026-05-04 10:11:12.123456' },
  { text: '2026-05-04T10:11:12.000345+02:00', want: '2026-05-04 08:11:12.000345' },
  { text: '2026-05-04t10:11:12z', want: '2026-05-04 10:11:12.000000' },
  { text: '2026-13-04T10:11:12Z', want: undefined },
  { text: '0001-01-01T00:00:00Z', want: undefined },
  { text: '9999-01-01T00:00:00Z', want: undefined },
  { text: '2026-05-04 10:11:12', want: undefined },
  { text: '', want: undefined },
])('$text is $want', ({ text, want }) => {
  expect(toStoreTime(text)).toBe(want);
});
