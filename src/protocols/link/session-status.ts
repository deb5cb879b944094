import type { LinkPath } from './link-path.ts';
import type { SendChannel } from './send-channel.ts';
import type { PathStatus, SendStatus, SessionStatus } from './session-types.ts';

/** The numbers of a session, for status and metrics. */
export function statusOf(paths: Iterable<LinkPath>, sends: Iterable<SendChannel>): SessionStatus {
  const all = [...paths];
  let rate = 0;
  for (const path of all) if (path.state === 'alive') rate = Math.max(rate, path.rate.deliveryBytesPerSecond);
  return { paths: all.map(pathStatus), sends: [...sends].map((channel) => sendStatus(channel, rate)) };
}

function pathStatus(path: LinkPath): PathStatus {
  const { id, state, rtt, loss, rate, sentBytes, sentPackets, receivedBytes } = path;
  return {
    id,
    state,
    rttMs: rtt.smoothedMs,
    minRttMs: rtt.minMs,
    lossRatio: path.lossRatio,
    deliveryBytesPerSecond: rate.deliveryBytesPerSecond,
    payloadBytes: path.payloadBytes,
    sentBytes,
    sentPackets,
    receivedBytes,
    lostPackets: loss.lostPackets,
    spuriousLosses: loss.spuriousLosses,
  };
}

function sendStatus(channel: SendChannel, bytesPerSecond: number): SendStatus {
  const { store, isWanted, unackedBytes, resentBytes, skippedBytes } = channel;
  const spare = bytesPerSecond - store.bytesPerSecond;
  const backlog = channel.pending.total;
  return {
    name: store.name,
    isWanted,
    unackedBytes,
    resentBytes,
    skippedBytes,
    lagMs: Math.max(0, channel.lagUs / 1000),
    refillMs: backlog > 0 && spare > 0 ? (backlog * 1000) / spare : undefined,
  };
}
