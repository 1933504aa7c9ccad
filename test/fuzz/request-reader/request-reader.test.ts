import { test } from '@jest/globals';
import fc from 'fast-check';
import { everyByteHasOneReading, everySpellingIsReadAlike } from './properties.ts';

// Bounded by count, so that every run is as long. For as long as wanted: npm run fuzz:request-reader.
test('whatever the bytes, and however they are cut: a Status, or a request that is there', async () => {
  await fc.assert(everyByteHasOneReading, { numRuns: 500 });
}, 300_000);

test('however it is spelled, a request is read as what it says, and forwarded as that', () => {
  fc.assert(everySpellingIsReadAlike, { numRuns: 1_000 });
}, 120_000);
