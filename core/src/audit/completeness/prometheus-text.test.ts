import { describe, expect, test } from '@jest/globals';
import { parsePrometheusText } from './prometheus-text.ts';

describe('parsePrometheusText', () => {
  test.each([
    { situation: 'a bare value', text: 'a 3\n', want: [{ labels: {}, value: 3 }] },
    { situation: 'an exponent', text: 'a 1.234567e+06\n', want: [{ labels: {}, value: 1_234_567 }] },
    { situation: 'a negative exponent and a sign', text: 'a -5e-1\n', want: [{ labels: {}, value: -0.5 }] },
    { situation: 'not a number', text: 'a NaN\n', want: [{ labels: {}, value: NaN }] },
    {
      situation: 'the infinities',
      text: 'a +Inf\na -Inf\n',
      want: [Infinity, -Infinity].map((value) => ({ labels: {}, value })),
    },
    { situation: 'a timestamp', text: 'a 3 1712345678901\n', want: [{ labels: {}, value: 3 }] },
    { situation: 'labels', text: 'a{x="1",y="2"} 3\n', want: [{ labels: { x: '1', y: '2' }, value: 3 }] },
    { situation: 'no labels between the braces', text: 'a{} 3\n', want: [{ labels: {}, value: 3 }] },
    { situation: 'a comma after the last label', text: 'a{x="1",} 3\n', want: [{ labels: { x: '1' }, value: 3 }] },
    {
      situation: 'blanks wherever they may be',
      text: 'a { x = "1" , y = "2" }\t3\n',
      want: [{ labels: { x: '1', y: '2' }, value: 3 }],
    },
    { situation: 'escapes', text: 'a{x="\\"\\\\\\n"} 3\n', want: [{ labels: { x: '"\\\n' }, value: 3 }] },
    {
      situation: 'braces, commas and blanks in a value',
      text: 'a{x="} 9,y= {"} 3\n',
      want: [{ labels: { x: '} 9,y= {' }, value: 3 }],
    },
    {
      situation: 'a label called __proto__',
      text: 'a{__proto__="1"} 3\n',
      want: [{ labels: Object.fromEntries([['__proto__', '1']]), value: 3 }],
    },
    {
      situation: 'several samples, in order',
      text: 'a{x="1"} 3\nb 9\na{x="2"} 4\n',
      want: [
        { labels: { x: '1' }, value: 3 },
        { labels: { x: '2' }, value: 4 },
      ],
    },
    {
      situation: 'comments and empty lines',
      text: '# HELP a a 9\n# TYPE a counter\n\na 3\n',
      want: [{ labels: {}, value: 3 }],
    },
    { situation: 'line ends of Windows', text: 'a 3\r\n', want: [{ labels: {}, value: 3 }] },
    { situation: 'a name that only begins alike', text: 'a_total 9\nab 9\n', want: [] },
    { situation: 'a value that holds a line of the series', text: 'b{x="\\na 9"} 1\n', want: [] },
    { situation: 'another series that is broken', text: 'b{x= 9\na 3\n', want: [{ labels: {}, value: 3 }] },
    { situation: 'nothing', text: '', want: [] },
  ])('$situation', ({ text, want }) => {
    expect(parsePrometheusText(text, ['a'])).toEqual({ a: want });
  });

  test.each([
    { situation: 'no value', text: 'a \n', want: 'line 1, a: expected a number, got nothing' },
    { situation: 'a word for a value', text: 'b 1\na three\n', want: 'line 2, a: expected a number, got another text' },
    { situation: 'a hexadecimal value', text: 'a 0x10\n', want: 'line 1, a: expected a number, got another text' },
    {
      situation: 'a text after the value',
      text: 'a 3 x\n',
      want: 'line 1, a: expected at most a timestamp after the value, got more',
    },
    {
      situation: 'a label without a name',
      text: 'a{="1"} 3\n',
      want: 'line 1, a: expected the name of a label, got "="',
    },
    {
      situation: 'a label without a value',
      text: 'a{x} 3\n',
      want: 'line 1, a: expected "=" after the label x, got "}"',
    },
    {
      situation: 'a value without quotes',
      text: 'a{x=1} 3\n',
      want: 'line 1, a: expected a quote before the value of x, got "1"',
    },
    {
      situation: 'a quote that is not closed',
      text: 'a{x="1} 3\n',
      want: 'line 1, a: expected a quote after the value of x, got the end of the line',
    },
    {
      situation: 'an unknown escape',
      text: 'a{x="\\t"} 3\n',
      want: 'line 1, a: expected \\\\, \\" or \\n in the value of x, got "t"',
    },
    {
      situation: 'labels without a comma',
      text: 'a{x="1" y="2"} 3\n',
      want: 'line 1, a: expected "," or "}" after the value of x, got "y"',
    },
    {
      situation: 'braces that are not closed',
      text: 'a{x="1",\n',
      want: 'line 1, a: expected the name of a label, got the end of the line',
    },
    {
      situation: 'one label twice',
      text: 'a{x="1",x="2"} 3\n',
      want: 'line 1, a: expected each label once, got x twice',
    },
    {
      situation: 'an answer cut off within the number',
      text: 'a 123',
      want: 'line 1, a: expected the end of the line, got the end of the text',
    },
  ])('$situation is refused with its place', ({ text, want }) => {
    expect(() => parsePrometheusText(text, ['a'])).toThrow(
      expect.objectContaining({ code: 'ERR_METRICS_INVALID', message: want }),
    );
  });
});
