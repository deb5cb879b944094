import type { LinkPathStatus, LinkStatus } from '../../modules/link.ts';
import type { SendStatus } from '../../protocols/link/session-types.ts';
import type { LinkView } from './link-schema.ts';

/** A link as the API gives it. */
export function linkView(link: LinkStatus): LinkView {
  const { peer, role, state, sinceUtcMs, connects, lastError } = link;
  return {
    peer,
    role,
    state,
    since: new Date(sinceUtcMs).toISOString(),
    connects,
    ...(lastError === undefined ? {} : { lastError }),
    paths: link.paths.map(pathView),
    sends: link.sends.map(sendView),
    receives: [...link.receives],
  };
}

function pathView(path: LinkPathStatus): LinkView['paths'][number] {
  const { id, carrier, state, local, remote, rttMs, minRttMs } = path;
  return {
    id,
    carrier,
    state,
    local,
    remote,
    // Until the first answer there is only a guess.
    ...(state === 'attaching' ? {} : { rttMs: tenths(rttMs), minRttMs: tenths(minRttMs) }),
    lossRatio: Math.min(1, Math.round(path.lossRatio * 1e5) / 1e5),
    deliveryBytesPerSecond: whole(path.deliveryBytesPerSecond),
    payloadBytes: path.payloadBytes,
    sentBytes: path.sentBytes,
    sentPackets: path.sentPackets,
    receivedBytes: path.receivedBytes,
    lostPackets: path.lostPackets,
    spuriousLosses: path.spuriousLosses,
  };
}

function sendView(send: SendStatus): LinkView['sends'][number] {
  const { name, isWanted, unackedBytes, resentBytes, skippedBytes, lagMs, refillMs } = send;
  return {
    name,
    wanted: isWanted,
    unackedBytes,
    resentBytes,
    skippedBytes,
    lagSeconds: whole(lagMs) / 1000,
    ...(refillMs === undefined || !Number.isFinite(refillMs) ? {} : { refillSeconds: whole(refillMs) / 1000 }),
  };
}

function tenths(ms: number): number {
  return whole(ms * 10) / 10;
}

function whole(value: number): number {
  return Number.isFinite(value) ? Math.round(Math.max(0, value)) : 0;
}
