import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, startCommand } from '@holdpoint/local';
import { createAuditSink, type AuditSink } from '../src/audit-sink.ts';
import { startBrowser } from '../src/browser.ts';
import { eventually } from '../src/eventually.ts';
import { recordingBatches, sessionEvents, type SeededCall } from '../src/session-events.ts';

type Browser = Awaited<ReturnType<typeof startBrowser>>;
type Page = Awaited<ReturnType<Browser['newPage']>>;

const main = inRepository('approvals-cli', 'src', 'main.ts');

/** Each would say so, by a mark on the window or by a request, if a browser ran or fetched any of it. */
const hostile = [
  '</script><script>window.ran=1</script>',
  '<img src="https://evil.example/x.png" onerror="window.ran=2">',
  '<!--<script>',
  '"><svg onload=window.ran=3>',
  "' onmouseover='window.ran=4",
  '</pre></details></style><style>@import "https://evil.example/x.css";</style>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<iframe src="javascript:parent.ran=5"></iframe>',
  '<a href="javascript:window.ran=6">x</a>',
  '<base href="https://evil.example/">',
  '&lt;script&gt;window.ran=7&lt;/script&gt;',
  '\u2028\u2029\u0000\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007\u202e',
  '${window.ran=8}`',
] as const;

const uri = '/api/v1/namespaces/prod/configmaps';
const calls: SeededCall[] = [
  {
    ...{ id: 'u-1', at: 0, verb: 'create', uri, code: 201, command: 'kubectl apply -f shop.yaml', invocation: 'i-1' },
    ref: { resource: 'configmaps', namespace: 'prod', name: 'settings' },
    request: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { colour: 'blue' } },
    annotations: { 'judge.holdpoint.dev/decision': 'allow', 'judge.holdpoint.dev/rule': 'small' },
  },
  ...hostile.map((text, i) => ({
    ...{ id: `x-${String(i)}`, at: 10 + i, verb: 'create', uri: `${uri}?${text}`, code: 403, command: text },
    ...{ invocation: `h-${String(i)}`, ref: { resource: 'configmaps', namespace: text, name: text } },
    ...{ status: { message: text, reason: text }, request: { kind: text, [text]: [text, { [text]: text }] } },
    annotations: { 'judge.holdpoint.dev/decision': text, 'judge.holdpoint.dev/rule': text },
  })),
  {
    ...{
      id: 'e-1',
      at: 40,
      verb: 'get',
      uri: '/exec?command=bash',
      code: 101,
      command: 'kubectl exec',
      invocation: 'i-2',
    },
    ref: { resource: 'pods', subresource: 'exec', namespace: 'prod', name: 'web-0' },
  },
];

/** The exported page, in a real browser: it shows what it should, and nothing an agent wrote does anything in it. */
describe('approvals replay -o html', () => {
  let sink: AuditSink;
  let folder: string;
  let file: string;
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  const problems: string[] = [];
  const cli = (args: readonly string[]) =>
    startCommand(process.execPath, [main, ...args], { env: sink.auditorEnv }).finished;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-page-'));
    file = join(folder, 'session.html');
    sink = await createAuditSink();
    await sink.start();
    expect((await sink.post('/audit', sessionEvents(calls))).code).toBe(200);
    const frames = (text: string): [number, string, string][] => [
      [0.1, 'o', `${text}\r\n`],
      [0.2, 'r', '100x30'],
      [0.3, 'i', 'typed'],
      ...hostile.map((each, i) => [0.4 + i / 100, 'o', `${each}\r\n`] as [number, string, string]),
      // The picture before it is played is that of its end: what was wiped away is seen by who plays it.
      [2.5, 'o', '\u001b[2J\u001b[H\u001b[32mthe end of it\u001b[0m\r\n'],
    ];
    const terminals = [
      { id: 'r-1', auditId: 'e-1', at: 40, command: ['bash'], frames: frames('hello from the pod') },
      { id: hostile[0], auditId: 'none', at: 50, command: [hostile[1]], pod: hostile[2], frames: frames('another') },
    ];
    for (const terminal of terminals) {
      expect((await sink.post('/recordings', recordingBatches(terminal))).code).toBe(200);
    }
    await eventually('all is stored', async () =>
      (await sink.sql('SELECT (SELECT count() FROM audit_events), (SELECT count() FROM recordings)')) ===
      `${String(calls.length)}\t6`
        ? true
        : undefined,
    );
    expect(await cli(['replay', 's-1', '-o', 'html', '--file', file])).toEqual({ code: 0, stdout: '', stderr: '' });
    browser = await startBrowser();
    page = await browser.newPage();
    page.on('request', (request) => void requests.push(request.url()));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('pageerror', (error) => void problems.push(String(error)));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(file).href);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
    await sink?.close();
  }, 30_000);

  test('it tells the session: commands, changes, refusals, terminals', async () => {
    const text = await page.locator('body').innerText();
    for (const part of [
      'Session s-1',
      '$ kubectl apply -f shop.yaml',
      'configmaps/settings',
      'allowed by small',
      '+   colour: blue',
    ])
      expect(text).toContain(part);
    expect(await page.locator('h2').count()).toBe(calls.length + 1);
    expect(await page.locator('details.terminal').count()).toBe(2);
  }, 30_000);

  test('what an agent wrote is there as text', async () => {
    const headings = await page.locator('h2').allInnerTexts();
    for (const text of hostile.slice(0, 10)) expect(headings.some((each) => each.includes(text))).toBe(true);
    expect(headings.join('')).not.toMatch(/\p{Cc}|[\u2028\u202e]/u);
    expect(
      await page.locator('img, svg[onload], iframe, base, meta[http-equiv="refresh"], a[href^="javascript"]').count(),
    ).toBe(0);
  }, 30_000);

  test('the player shows the terminal, and plays it', async () => {
    const player = page.locator('details.terminal').first();
    await player.locator('.ap-player').waitFor();
    await eventually('the terminal’s text', async () =>
      (await player.innerText()).includes('the end of it') ? true : undefined,
    );
    expect(await player.innerText()).not.toContain('hello from the pod');
    await player.locator('.ap-overlay-start, .ap-playback-button').first().click();
    await eventually('it plays its beginning', async () =>
      (await player.innerText()).includes('hello from the pod') ? true : undefined,
    );
    expect(await player.innerText()).not.toContain('typed');
  }, 60_000);

  test('nothing ran, nothing was asked for, nothing was complained about', async () => {
    await page.locator('h2').nth(5).hover();
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
    expect(problems).toEqual([]);
    expect(page.url()).toBe(pathToFileURL(file).href);
  }, 30_000);

  test('the policy in its head forbids a script that is put in, and any request', async () => {
    await page.evaluate(`(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = 9';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'https://evil.example/y.png';
      document.body.append(image);
      return fetch('https://evil.example/z').catch(() => undefined);
    })()`);
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(problems.join('\n')).toContain('Content Security Policy');
  }, 30_000);

  test('the file is whole and its owner’s alone; one that cannot be made leaves nothing', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').trimEnd()).toMatch(/<\/html>$/);
    const other = join(folder, 'other.html');
    expect(await cli(['replay', 'nobody', '-o', 'html', '--file', other])).toMatchObject({ code: 1 });
    expect(await cli(['replay', 's-1', '-o', 'html', '--file', join(folder, 'none', 'x')])).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual(['session.html']);
  }, 30_000);
});
