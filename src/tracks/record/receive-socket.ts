import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { addressKind } from '../../protocols/sdp/ip-address.ts';

/** Where datagrams come in. Addresses are literals. */
export interface ReceivePlace {
  /** A multicast group, or the address of this machine that is sent to; undefined: any IPv4 address of this machine. */
  readonly address?: string | undefined;
  readonly port: number;
  /** The address of the interface on which a group is joined; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
  /** The only senders that are meant; empty or undefined: any. */
  readonly sources?: readonly string[] | undefined;
}

/** Takes a datagram, which is the receiver's own, and the address it came from. Must not throw. */
export type DatagramHandler = (datagram: Buffer, from: RemoteInfo) => void;

/** What the kernel may hold for us while we do something else: some seconds of one flow at 1 ms, where it grants that. */
const RECEIVE_BUFFER_BYTES = 1 << 22;

/** A UDP port on which a flow or its RTCP comes in. The owner closes it. */
export class ReceiveSocket {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Binds the port, and joins the group when the address is one.
   * @throws DistreamError PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE, UNREACHABLE, MULTICAST_UNAVAILABLE
   */
  static async open(place: ReceivePlace, onDatagram: DatagramHandler): Promise<ReceiveSocket> {
    const { address, port, sources = [] } = place;
    const isMulticast = address !== undefined && addressKind(address) === 'multicast';
    const socket = createSocket({
      type: address !== undefined && isIPv6(address) ? 'udp6' : 'udp4',
      // Several programs may listen to one group; a port of our own is ours alone.
      reuseAddr: isMulticast,
    });
    try {
      await bound(socket, bindAddress(place, isMulticast), port);
      setReceiveBuffer(socket);
      if (isMulticast) join(socket, { ...place, address });
    } catch (error) {
      socket.close();
      throw asReceiveError(error, place, isMulticast);
    }
    // What a datagram that was sent has met (port unreachable) is told here; nothing follows from it.
    socket.on('error', () => {});
    // A group's membership knows the sources already.
    const isAnyone = isMulticast || sources.length === 0;
    socket.on('message', (datagram, from) => {
      if (isAnyone || sources.includes(from.address)) onDatagram(datagram, from);
    });
    return new ReceiveSocket(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends from this port. What the network does not take is lost. */
  send(datagram: Buffer, port: number, address: string): void {
    this.#socket.send(datagram, port, address, () => {});
  }

  /** Sends and resolves when it has left, or cannot. */
  sendLast(datagram: Buffer, port: number, address: string): Promise<void> {
    return new Promise((resolve) => this.#socket.send(datagram, port, address, () => resolve()));
  }

  close(): void {
    this.#socket.close();
  }
}

// Bound to the group itself, a socket gets nothing that was sent to another group of the same port. Windows cannot.
function bindAddress({ address }: ReceivePlace, isMulticast: boolean): string | undefined {
  return isMulticast && process.platform === 'win32' ? undefined : address;
}

function bound(socket: Socket, address: string | undefined, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, exclusive: true, ...(address === undefined ? {} : { address }) }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function setReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // Some systems refuse instead of giving less; the default does, too.
  }
}

function join(socket: Socket, { address, localAddress, sources = [] }: ReceivePlace & { address: string }): void {
  if (sources.length === 0) socket.addMembership(address, localAddress);
  for (const source of sources) socket.addSourceSpecificMembership(source, address, localAddress);
}

/** An error of a socket, in words for people. */
function asReceiveError(error: unknown, { address, port, localAddress }: ReceivePlace, isMulticast: boolean): Error {
  const host = address ?? 'any address';
  const code = (error as NodeJS.ErrnoException).code;
  const options = { cause: error };
  if (code === 'EADDRINUSE') return new DistreamError('PORT_IN_USE', { port, host, holder: '' }, options);
  if (code === 'EACCES') return new DistreamError('PORT_FORBIDDEN', { port, host }, options);
  if (!isMulticast && code === 'EADDRNOTAVAIL') return new DistreamError('ADDRESS_UNAVAILABLE', { host }, options);
  if (!isMulticast) {
    return new DistreamError('UNREACHABLE', { url: `udp://${host}:${port}`, reason: reasonOf(error) }, options);
  }
  const reason =
    localAddress === undefined ? 'this machine has no route for it' : `the group cannot be joined at ${localAddress}`;
  return new DistreamError('MULTICAST_UNAVAILABLE', { address: `${host}:${port}`, reason }, options);
}
