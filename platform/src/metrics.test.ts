import { describe, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

const options = { service: 'webhook', version: '1.2.3', ofProcess: false };
const linesOf = async (metrics: ReturnType<typeof createMetrics>): Promise<string[]> =>
  (await metrics.exposition()).text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('holdpoint_build_info'));

describe('createMetrics', () => {
  test('nothing counted yet: which build it is', async () => {
    expect(await createMetrics(options).exposition()).toEqual({
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      text:
        '# HELP holdpoint_build_info Always 1; which build this is.\n# TYPE holdpoint_build_info gauge\n' +
        `holdpoint_build_info{service="webhook",version="1.2.3",node="${process.version}"} 1\n`,
    });
  });

  test('a counter without labels is there before its first event, one with labels from its first', async () => {
    const metrics = createMetrics(options);
    metrics.counter({ name: 'a_total', help: 'A.' });
    const b = metrics.counter({ name: 'b_total', help: 'B.', labels: ['kind'] });
    b.add({ kind: 'x' });
    b.add({ kind: 'x' });
    b.add({ kind: 'y' });
    expect((await linesOf(metrics)).filter((line) => !line.startsWith('#'))).toEqual([
      'a_total 0',
      'b_total{kind="x"} 2',
      'b_total{kind="y"} 1',
    ]);
  });

  test('a gauge that is read shows what there is at each scrape, and nothing that was', async () => {
    const metrics = createMetrics(options);
    let now = [{ labels: { phase: 'Pending' }, value: 2 }];
    metrics.readGauge({ name: 'holds', help: 'H.', labels: ['phase'] }, () => now);
    expect(await linesOf(metrics)).toContain('holds{phase="Pending"} 2');
    now = [{ labels: { phase: 'Used' }, value: 1 }];
    const lines = await linesOf(metrics);
    expect(lines.filter((line) => line.startsWith('holds'))).toEqual(['holds{phase="Used"} 1']);
  });

  test('a histogram counts into its buckets', async () => {
    const metrics = createMetrics(options);
    const took = metrics.histogram({ name: 't_seconds', help: 'T.', labels: ['path'], buckets: [0.1, 1] });
    took.observe({ path: '/a' }, 0.05);
    took.observe({ path: '/a' }, 0.5);
    expect((await linesOf(metrics)).filter((line) => !line.startsWith('#'))).toEqual([
      't_seconds_bucket{le="0.1",path="/a"} 1',
      't_seconds_bucket{le="1",path="/a"} 2',
      't_seconds_bucket{le="+Inf",path="/a"} 2',
      't_seconds_sum{path="/a"} 0.55',
      't_seconds_count{path="/a"} 2',
    ]);
  });

  test('two services in one process: each its own counts', async () => {
    const [one, other] = [createMetrics(options), createMetrics(options)];
    one.counter({ name: 'a_total', help: 'A.' }).add({});
    other.counter({ name: 'a_total', help: 'A.' });
    expect(await linesOf(other)).toContain('a_total 0');
  });
});
