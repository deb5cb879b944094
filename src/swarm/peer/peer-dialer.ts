import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { createDialer } from '../../net/dial.ts';
import { classifyAddress } from '../../net/egress.ts';
import type { TransferMessage } from '../../protocols/pdtp/messages.ts';
import { isPortForPeers } from '../coordinator/meeting.ts';

/** Networks that a coordinator in such a network may name peers of. */
const LOCAL_NETWORKS = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  'fc00::/7',
  'fe80::/10',
];
const LOOPBACK = ['127.0.0.0/8', '::1'];
const CONNECT_MS = 10_000;

/** Connects to the peer of an order; rejects when the address may not be dialled or does not answer. */
export type PeerDialer = (order: TransferMessage, signal: AbortSignal) => Promise<Socket>;

/**
 * What a coordinator may make a peer connect to: public addresses and its own, at ports for peers. Addresses of a local
 * network only when the coordinator was itself reached in one; loopback only when it is on this machine.
 * @param coordinator the address that the connection with the coordinator leads to
 */
export function createPeerDialer(coordinator: string, clock: Clock): PeerDialer {
  const kind = classifyAddress(coordinator);
  const isLocal = kind !== 'public';
  const allow = [coordinator, ...(isLocal ? LOCAL_NETWORKS : []), ...(kind === 'loopback' ? LOOPBACK : [])];
  const dial = createDialer({ allow, clock });
  return (order, signal) => {
    const { host, port } = order;
    if (!isPortForPeers(port)) return Promise.reject(new RangeError('that port is not for peers'));
    const displayUrl = `pdtp peer ${host}:${port}`;
    return dial({ host, port, tls: false, timeoutMs: CONNECT_MS, signal, displayUrl, trusted: false });
  };
}
