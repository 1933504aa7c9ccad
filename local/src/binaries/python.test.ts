import { expect, test } from '@jest/globals';
import { parsePython } from './python.ts';

const found = { executable: '/usr/bin/python3', version: [3, 13], pip: true, venv: true };

test.each([
  {
    situation: 'pip is there: its own is used',
    printed: JSON.stringify({ ...found, venv: false }),
    want: { executable: '/usr/bin/python3', version: '3.13', pip: 'its own' },
  },
  {
    situation: 'venv alone: it lends its pip',
    printed: JSON.stringify({ ...found, pip: false }),
    want: { executable: '/usr/bin/python3', version: '3.13', pip: 'of a virtual environment' },
  },
  {
    situation: 'neither, as on a fresh Debian: both are named',
    printed: JSON.stringify({ ...found, pip: false, venv: false }),
    want: { missing: 'pip, or the venv module, of python3' },
  },
  {
    situation: 'too old',
    printed: JSON.stringify({ ...found, version: [3, 9] }),
    want: { missing: 'Python 3.10 or newer' },
  },
  { situation: 'no python3', printed: '', want: { missing: 'python3' } },
])('$situation', ({ printed, want }) => {
  expect(parsePython(printed)).toEqual(want);
});
