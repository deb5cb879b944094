import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A network that loses packets, between an address that is sent to and one that is received at. */
export interface LossyRelay {
  /** Packets that it has lost. */
  readonly lost: number;
  close(): void;
}

/**
 * Hands on what comes to `ports` of one loopback address to the same ports of another, and answers back to the sender.
 * @param loses whether a datagram is lost, by its port (counted from the first) and its place in that port's order
 */
export async function lossyRelay(place: {
  readonly from: string;
  readonly to: string;
  readonly firstPort: number;
  readonly ports: number;
  readonly loses: (port: number, index: number) => boolean;
}): Promise<LossyRelay> {
  let lost = 0;
  const sockets: Socket[] = [];
  for (let offset = 0; offset < place.ports; offset++) {
    const port = place.firstPort + offset;
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
    let count = 0;
    let senderPort = 0;
    let sender = '';
    socket.on('message', (datagram, from) => {
      if (from.address === place.to && from.port === port) {
        if (senderPort > 0) socket.send(datagram, senderPort, sender);
        return;
      }
      senderPort = from.port;
      sender = from.address;
      if (place.loses(offset, count++)) lost++;
      else socket.send(datagram, port, place.to);
    });
    socket.on('error', () => {});
    socket.bind(port, place.from);
    await once(socket, 'listening');
    sockets.push(socket);
  }
  return {
    get lost() {
      return lost;
    },
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}
