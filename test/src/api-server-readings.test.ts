import { expect, test } from '@jest/globals';
import { readRequestLine } from '@holdpoint/core';
import { apiServerReadings, readingOf } from '../hygiene/api-server-readings.ts';

/** Refused by what the request is about, not by how it is spelled. */
const refusedByVerdict = ['reaches past', "outside the API's resources", 'not served'];

test.each(apiServerReadings)('$situation: read as the real API server read it, or refused', (row) => {
  const reading = readRequestLine(row.method, row.target);
  if (row.refused !== undefined && !refusedByVerdict.includes(row.refused)) {
    expect(reading).toMatchObject({ refused: true, message: expect.stringContaining(row.refused) });
    return;
  }
  if ('refused' in reading) throw new Error(reading.message);
  const { apiGroup: group, apiVersion: version, ...info } = reading.info;
  expect(readingOf({ ...info, group, version })).toBe(row.reading);
});
