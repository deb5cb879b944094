import { describe, expect, it } from 'vitest';
import { fakeLink, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import type { LinkView } from '../status/link-schema.ts';
import { renderMetrics } from './exposition.ts';
import { nodeFamilies } from './families.ts';
import { PathTotals } from './path-totals.ts';

const scrape = async (links: LinkView[], paths = new PathTotals()) => {
  const view = fakeNodeView({ links });
  return (await renderMetrics(nodeFamilies(view, paths)))
    .split('\n')
    .filter((line) => line.startsWith('distream_link_'));
};

const [path, young] = fakeLink().paths;

describe('metrics of links', () => {
  it('tell each link, path and stream', async () => {
    const udp = 'peer="studio",role="dials",carrier="udp",path="1"';
    const send = 'peer="studio",role="dials",stream="morning"';
    expect(await scrape([fakeLink()])).toEqual(
      expect.arrayContaining([
        'distream_link_up{peer="studio",role="dials"} 1',
        'distream_link_connects_total{peer="studio",role="dials"} 3',
        'distream_link_refusals_total{reason="unknown_key"} 4',
        `distream_link_path_up{${udp}} 1`,
        'distream_link_path_up{peer="studio",role="dials",carrier="tls",path="1"} 0',
        `distream_link_rtt_seconds{${udp}} 0.0425`,
        `distream_link_loss_ratio{${udp}} 0.05`,
        `distream_link_delivery_bytes_per_second{${udp}} 40000`,
        `distream_link_payload_bytes{${udp}} 1447`,
        `distream_link_sent_bytes_total{${udp}} 1000`,
        `distream_link_received_bytes_total{${udp}} 200`,
        `distream_link_lost_packets_total{${udp}} 1`,
        `distream_link_resent_bytes_total{${send}} 300`,
        `distream_link_unacked_bytes{${send}} 4000`,
        `distream_link_lag_seconds{${send}} 0.5`,
        `distream_link_refill_seconds{${send}} 2.5`,
      ]),
    );
  });

  it('measure no round trip of a path that never answered, and show nothing without links', async () => {
    const lines = await scrape([fakeLink({ state: 'connecting', paths: [young!], sends: [] })]);
    expect(lines.filter((line) => /rtt|refill|resent/.test(line))).toEqual([]);
    expect((await scrape([])).filter((line) => !line.includes('refusals'))).toEqual([]);
  });

  it('never count back and make no new row when a path is dialled anew', async () => {
    const totals = new PathTotals();
    const sent = async (...paths: (Partial<LinkView['paths'][number]> & { id: number })[]) => {
      const links = [fakeLink({ paths: paths.map((changes) => ({ ...path!, ...changes })) })];
      const lines = (await scrape(links, totals)).filter((line) => line.startsWith('distream_link_sent_bytes'));
      return lines.map((line) => Number(line.split(' ').at(-1)));
    };
    expect(await sent({ id: 0, sentBytes: 1000 })).toEqual([1000]);
    expect(await sent({ id: 0, sentBytes: 1500 }, { id: 1, sentBytes: 10 })).toEqual([1500, 10]);
    expect(await sent({ id: 1, sentBytes: 30 })).toEqual([1520]);
    expect(await sent({ id: 2, sentBytes: 5 })).toEqual([1525]);
    // the session began anew: the same id counts from nothing
    expect(await sent({ id: 2, sentBytes: 3 })).toEqual([1528]);
  });

  it('put two links to one peer into one row', async () => {
    const lines = await scrape([fakeLink({ state: 'down' }), fakeLink()]);
    expect(lines).toContain('distream_link_up{peer="studio",role="dials"} 1');
    expect(lines).toContain('distream_link_connects_total{peer="studio",role="dials"} 6');
    expect(lines).toContain('distream_link_sent_bytes_total{peer="studio",role="dials",carrier="udp",path="2"} 1000');
    expect(lines).toContain('distream_link_resent_bytes_total{peer="studio",role="dials",stream="morning"} 600');
  });
});
