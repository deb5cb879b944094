/**
 * Links as Prometheus metrics: by peer, as the configuration calls it, and by path.
 * @module
 */
import type { LinkView } from '../status/link-schema.ts';
import type { MetricFamily, Sample } from './families.ts';
import type { CountedPath, PathCounts, PathTotals } from './path-totals.ts';

type Labels = Readonly<Record<string, string>>;
type SendView = LinkView['sends'][number];

/** Two links to one peer, as of two policies, are one row: counters add up, of gauges the greater counts. */
function merged(samples: readonly Sample[], kind: MetricFamily['kind']): Sample[] {
  const byLabels = new Map<string, Sample>();
  for (const { labels, value } of samples) {
    const key = JSON.stringify(labels);
    const before = byLabels.get(key)?.value ?? 0;
    byLabels.set(key, { labels, value: kind === 'counter' ? before + value : Math.max(before, value) });
  }
  return [...byLabels.values()];
}

/** The metrics of all links. `totals` is the same at each scrape. */
export function linkFamilies(
  links: readonly LinkView[],
  refusals: Readonly<Record<string, number>>,
  totals: PathTotals,
): MetricFamily[] {
  const counted = totals.count(links);

  function perLink(name: string, help: string, value: (link: LinkView) => number): MetricFamily {
    const kind = name.endsWith('_total') ? 'counter' : 'gauge';
    const samples = links.map((link) => ({ labels: linkLabels(link), value: value(link) }));
    return { kind, name: `distream_link_${name}`, help, samples: merged(samples, kind) };
  }

  function perPath(name: string, help: string, value: (path: CountedPath) => number | undefined): MetricFamily {
    const kind = name.endsWith('_total') ? 'counter' : 'gauge';
    const samples = links.flatMap((link, index) =>
      counted[index]!.flatMap((path) => {
        const measured = value(path);
        return measured === undefined ? [] : [{ labels: pathLabels(link, path), value: measured }];
      }),
    );
    return { kind, name: `distream_link_${name}`, help, samples };
  }

  function perSend(name: string, help: string, value: (send: SendView) => number | undefined): MetricFamily {
    const kind = name.endsWith('_total') ? 'counter' : 'gauge';
    const samples = links.flatMap((link) =>
      link.sends.flatMap((send) => {
        const measured = value(send);
        return measured === undefined ? [] : [{ labels: { ...linkLabels(link), stream: send.name }, value: measured }];
      }),
    );
    return { kind, name: `distream_link_${name}`, help, samples: merged(samples, kind) };
  }

  const total = (counter: keyof PathCounts) => (path: CountedPath) => path.totals[counter];
  return [
    perLink('up', '1 while a path to the peer is alive.', ({ state }) => (state === 'up' ? 1 : 0)),
    perLink('connects_total', 'Times that the link came up.', ({ connects }) => connects),
    {
      kind: 'counter',
      name: 'distream_link_refusals_total',
      help: 'Peers turned away, by reason.',
      samples: Object.entries(refusals).map(([reason, value]) => ({ labels: { reason }, value })),
    },
    perPath('path_up', '1 while the path is alive.', ({ path }) => (path.state === 'alive' ? 1 : 0)),
    perPath('rtt_seconds', 'Round trip of the path, smoothed.', ({ path: { rttMs } }) =>
      rttMs === undefined ? undefined : rttMs / 1000,
    ),
    perPath('loss_ratio', 'Packets lost of those sent, since the path began.', ({ path }) => path.lossRatio),
    perPath(
      'delivery_bytes_per_second',
      'What the path was seen to deliver.',
      ({ path }) => path.deliveryBytesPerSecond,
    ),
    perPath('payload_bytes', 'Longest payload that is sent on the path now.', ({ path }) => path.payloadBytes),
    perPath('sent_bytes_total', 'Bytes sent on the path.', total('sentBytes')),
    perPath('received_bytes_total', 'Bytes received on the path.', total('receivedBytes')),
    perPath('sent_packets_total', 'Packets sent on the path.', total('sentPackets')),
    perPath('lost_packets_total', 'Packets of the path that were lost.', total('lostPackets')),
    perSend('resent_bytes_total', 'Bytes of a stream that were sent again.', ({ resentBytes }) => resentBytes),
    perSend(
      'skipped_bytes_total',
      'Bytes of a stream that were no longer kept when the peer lacked them.',
      ({ skippedBytes }) => skippedBytes,
    ),
    perSend(
      'unacked_bytes',
      'Bytes of a stream that the peer is not known to have.',
      ({ unackedBytes }) => unackedBytes,
    ),
    perSend('lag_seconds', 'How far the oldest unsent byte is behind the newest.', ({ lagSeconds }) => lagSeconds),
    perSend('refill_seconds', 'Time until the peer has what it lacks.', ({ refillSeconds }) => refillSeconds),
  ];
}

function linkLabels({ peer, role }: LinkView): Labels {
  return { peer, role };
}

function pathLabels(link: LinkView, { path, number }: CountedPath): Labels {
  return { ...linkLabels(link), carrier: path.carrier, path: String(number) };
}
