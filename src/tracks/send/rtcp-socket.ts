import { createSocket, type Socket } from 'node:dgram';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';

/** Groups that are listened to; of more flows the first ones are. */
const MAX_GROUPS = 64;

/**
 * Opens a socket for the RTCP of flows to destinations like this one, at any free port.
 * @throws DistreamError ADDRESS_UNAVAILABLE
 */
export async function openRtcpSocket({ address, localAddress, multicast }: PaceDestination): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(new DistreamError('ADDRESS_UNAVAILABLE', { host: localAddress ?? reasonOf(error) }, { cause: error }));
    });
    socket.bind(localAddress === undefined ? { port: 0 } : { port: 0, address: localAddress }, resolve);
  });
  socket.removeAllListeners('error');
  socket.on('error', () => {});
  if (multicast) {
    if (localAddress !== undefined) socket.setMulticastInterface(localAddress);
    socket.setMulticastTTL(multicast.ttl);
  }
  return socket;
}

/**
 * Opens the sockets that hear what receivers send to the flows' multicast groups, as RFC 3550 6 has it. A group that
 * cannot be joined is left out: the same receivers may answer to the sender's own address.
 * @param flows of each flow, its destination in each network
 */
export async function openGroupSockets(
  flows: readonly (readonly PaceDestination[])[],
): Promise<{ socket: Socket; network: number }[]> {
  const opened = await Promise.all(
    flows
      .slice(0, MAX_GROUPS)
      .flatMap((destinations) =>
        destinations.map(async (destination, network) => ({ socket: await openGroupSocket(destination), network })),
      ),
  );
  return opened.flatMap(({ socket, network }) => (socket ? [{ socket, network }] : []));
}

async function openGroupSocket(destination: PaceDestination): Promise<Socket | undefined> {
  const { address, port, localAddress, multicast } = destination;
  if (!multicast) return undefined;
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // Windows cannot be bound to a group.
      socket.bind(process.platform === 'win32' ? { port: port + 1 } : { port: port + 1, address }, resolve);
    });
    socket.addMembership(address, localAddress);
  } catch {
    socket.close();
    return undefined;
  }
  socket.removeAllListeners('error');
  socket.on('error', () => {});
  return socket;
}
