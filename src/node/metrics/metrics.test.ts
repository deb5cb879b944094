import { describe, expect, it } from 'vitest';
import { FakeListenerMount, fakeNodeView, fakeStream } from '../../../test/support/fake-node-view.ts';
import { renderMetrics } from './exposition.ts';
import { nodeFamilies } from './families.ts';
import { ProcessMetrics } from './process-metrics.ts';

const scrape = (view = fakeNodeView()) => renderMetrics(nodeFamilies(view));

describe('metrics', () => {
  it('tell the status of the node', async () => {
    const lines = (await scrape()).split('\n');
    for (const line of [
      'distream_build_info{version="0.1.0",node_version="v20.20.2"} 1',
      'distream_listeners{mount="/live.mp3",stream="morning"} 3',
      'icecast_listeners{mountpoint="/live.mp3"} 3',
      'distream_stream_live{stream="morning"} 1',
      'distream_stream_state{stream="morning",state="live"} 1',
      'distream_stream_state{stream="morning",state="silent"} 0',
      'distream_reserve_seconds{stream="morning"} 24.5',
      'distream_gaps_total{stream="morning",cause="line-loss"} 1',
      'distream_gap_seconds_total{stream="morning"} 1.5',
      'distream_stall_seconds_total{stream="morning"} 0.5',
      'distream_input_reconnects_total{stream="morning",input="input",type="icecast"} 3',
      'distream_input_events_total{stream="morning",input="input",type="icecast",event="redirects"} 2',
      'distream_output_bytes_total{stream="morning",output="output 1",type="icecast"} 5000',
      'distream_output_bytes_total{stream="morning",output="output 2",type="recorder"} 700',
      'distream_listener_drops_total{stream="morning",output="output 1",reason="slow"} 4',
      'distream_front_connections 5',
      'distream_front_refused_total{reason="limit"} 2',
      'distream_feed_clients 0',
      'distream_feed_cut_total 0',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('follow the conventions: names, units, help, and counters that end in _total', () => {
    const families = [...nodeFamilies(fakeNodeView()), ...new ProcessMetrics().collect(0)];
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
    for (const { kind, name, help } of families) {
      expect(name).toMatch(/^(distream|icecast|process|nodejs)_[a-z0-9_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter']);
      expect([name, /_(ms|milliseconds|kbps|minutes|kilobytes)\b/.test(name)]).toEqual([name, false]);
      expect(help).toMatch(/\.$/);
    }
  });

  it("tell the drift of a source's clock as soon as it is known", async () => {
    const withClock = (confident: boolean) =>
      scrape(fakeNodeView({ streams: [fakeStream({ clock: { driftPpm: -12.5, confident } })] }));
    expect(await withClock(true)).toContain('\ndistream_stream_clock_drift_ppm{stream="morning"} -12.5\n');
    expect(await withClock(false)).not.toContain('distream_stream_clock_drift_ppm{');
  });

  it('leave no sample of a stream that is gone', async () => {
    const view = fakeNodeView();
    expect(await scrape(view)).toContain('stream="morning"');
    view.streams = [];
    view.listeners = [];
    view.links = [];
    expect(await scrape(view)).not.toMatch(/stream="morning"|distream_(listeners|gaps|link_up)/);
  });

  it('name no address and no title', async () => {
    expect(await scrape()).not.toMatch(/10\.0\.0\.7|198\.51|Ada|Engine|srv/);
  });

  it('survive whatever a module reports and a name holds', async () => {
    const output = fakeStream().outputs[0]!;
    const counters = { 'Bad name': 1, __proto__x: 1, negative: -1, ok: 2, 'evil{"}\n': 3 };
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`c${index}`, 1]));
    const view = fakeNodeView({
      streams: [
        fakeStream({ name: 'a"\n\\b', outputs: [{ ...output, counters }] }),
        fakeStream({ name: 'many', outputs: [{ ...output, counters: many }] }),
      ],
      listeners: [new FakeListenerMount('/x"\n')],
    });
    const samples = (await scrape(view)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of samples) expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? [0-9.e+-]+$/);
    const events = samples.filter((line) => line.startsWith('distream_output_events_total'));
    expect(events.filter((line) => line.includes('a\\"'))).toEqual([expect.stringContaining('event="ok"} 2')]);
    expect(events.filter((line) => line.includes('many')).length).toBe(40);
  });

  it('measure the event loop from the first scrape on, anew for each', () => {
    const calls: string[] = [];
    const metrics = new ProcessMetrics(() => ({
      enable: () => calls.push('enable') > 0,
      reset: () => calls.push('reset'),
      percentile: (percent) => percent * 1e6,
      max: 120e6,
    }));
    const lag = () => metrics.collect(0).filter(({ name }) => name.includes('eventloop'));
    expect(calls).toEqual([]);
    expect(lag()).toEqual([]);
    // The time between two samples is no delay.
    expect(lag().map(({ name, samples }) => [name, samples[0]!.value])).toEqual([
      ['nodejs_eventloop_lag_p50_seconds', expect.closeTo(0.03)],
      ['nodejs_eventloop_lag_p99_seconds', expect.closeTo(0.079)],
      ['nodejs_eventloop_lag_max_seconds', expect.closeTo(0.1)],
    ]);
    expect(calls).toEqual(['enable', 'reset']);
  });
});
