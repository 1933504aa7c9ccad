import { expect, test } from '@jest/globals';
import { embedJson, escapeHtml } from './escape.ts';

test.each([
  { situation: 'tags and references', text: '<b>&amp;</b>', want: '&lt;b&gt;&amp;amp;&lt;/b&gt;' },
  { situation: 'quotes', text: `"'`, want: '&quot;&#39;' },
  { situation: 'what draws, or turns text around', text: 'a\u001b[31m\u202eb\nc', want: 'a�[31m�b�c' },
])('as HTML: $situation', ({ text, want }) => {
  expect(escapeHtml(text)).toBe(want);
});

test.each(['</script>', '<!--<script>', ']]>', '\u2028\u2029', '\\u003c', '\ud800'])(
  'as JSON in a script: %j',
  (text) => {
    const embedded = embedJson({ [text]: [text] });
    expect(embedded).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(embedded)).toEqual({ [text]: [text] });
  },
);
