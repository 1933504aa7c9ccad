/** Noise: what differs between two runs of one command, whoever carries it. Each with the reason why it must. */
interface Normaliser {
  noise: string;
  pattern: RegExp;
  becomes: string;
}

export const normalisers: readonly Normaliser[] = [
  { noise: 'the server’s own address', pattern: /https:\/\/127\.0\.0\.1:\d+/g, becomes: 'https://SERVER' },
  { noise: 'an address on this machine', pattern: /(?:127\.0\.0\.1|\[::1\]):\d+/g, becomes: 'LOCAL' },
  // Each way writes into a namespace, onto a node and under a cluster-wide name of its own.
  { noise: 'which of a pair of names', pattern: /\b([a-z]+)-way-[ab]\b/g, becomes: '$1-way-x' },
  { noise: 'an identity of an object', pattern: /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, becomes: 'UID' },
  { noise: 'a version of an object', pattern: /(resourceVersion\\*"?: ?\\*"?)\d+/gi, becomes: '$1VERSION' },
  { noise: 'where a list goes on', pattern: /("continue": ?)"[^"]+"/g, becomes: '$1"TOKEN"' },
  {
    noise: 'a time',
    pattern: /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)?(?: UTC)?/g,
    becomes: 'TIME',
  },
  {
    noise: 'a time as people write it',
    pattern: /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d\d )?[A-Z][a-z]{2} [ \d:]+(?:\+0000|UTC)?(?: \d{4})?/g,
    becomes: 'TIME',
  },
  { noise: 'a time as helm labels its records', pattern: /modifiedAt=\d+/g, becomes: 'modifiedAt=TIME' },
  { noise: 'a line’s head in a client’s log', pattern: /^[IWE]\d{4} [\d:.]+ +\d+ /gm, becomes: 'LOG ' },
  { noise: 'an age', pattern: /\b(?:\d+[dhms]){1,3}\b/g, becomes: 'AGE' },
  { noise: 'an address given out by the cluster', pattern: /\b10\.0\.0\.\d+\b/g, becomes: 'ADDRESS' },
  { noise: 'a port given out by the cluster', pattern: /\b3[0-2]\d{3}\b/g, becomes: 'PORT' },
  // Kubernetes draws names from an alphabet without vowels. Source: apimachinery util/rand.
  { noise: 'a random end of a name', pattern: /-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, becomes: '-RANDOM' },
  { noise: 'a file of a moment', pattern: /\/tmp\/[\w./-]+/g, becomes: '/tmp/FILE' },
  // How far a change had come when it was looked at.
  { noise: 'what a wait shows of its progress', pattern: /^Waiting for .*\n/gm, becomes: '' },
  // The proxy tells the API server which request and command it is, the API server by itself only the session.
  { noise: 'what each way adds to a user', pattern: /^ *Extra: .*\n/gm, becomes: '' },
  // Columns are as wide as what stands in them.
  { noise: 'the width of a column', pattern: / {2,}/g, becomes: '  ' },
];

/** Without the noise. */
export function normalised(text: string): string {
  return normalisers.reduce((left, { pattern, becomes }) => left.replace(pattern, becomes), text);
}
