import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, isIPv4 } from 'node:net';
import { reasonOf } from '../../../core/errors.ts';
import type { ListenAddress } from '../../../modules/network.ts';
import type { DatagramSource } from '../../../protocols/link/address-proof.ts';
import { explainListenError, isIpv6Missing } from '../../listen.ts';
import type { DatagramPort } from '../carrier.ts';
import { hostPort } from './host-port.ts';

/** The most that UDP over IPv4 carries. */
const MAX_DATAGRAM_BYTES = 65_507;
/** What waits for a system that takes nothing at the moment; more is not sent, as on a full line. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** Asked of the system, the largest first; it grants less without a word (Linux) or refuses (others). */
const SOCKET_BUFFER_BYTES = [4 * 1024 * 1024, 1024 * 1024, 256 * 1024];
/** RFC 791 and RFC 768; RFC 8200. */
const IPV4_OVERHEAD_BYTES = 28;
const IPV6_OVERHEAD_BYTES = 48;
/** How a socket for IPv6 writes an IPv4 address (RFC 4291, section 2.5.5.2). */
const MAPPED = '::ffff:';

/** A UDP port that counts what it could not send. */
export interface UdpPort extends DatagramPort {
  /** Datagrams that the system did not take: no route, an address that is gone, too large, a full queue. */
  readonly unsentCount: number;
  /** Why the last of them was not sent, in words; undefined: all were. */
  readonly lastSendError: string | undefined;
}

/**
 * Opens a UDP socket; port 0 takes any free one, `::` takes IPv4 and IPv6. Rejects with PORT_IN_USE, PORT_FORBIDDEN or
 * ADDRESS_UNAVAILABLE. The port is the caller's to close. What is given to `send` must not be changed after.
 */
export async function openDatagramPort({ host, port }: ListenAddress): Promise<UdpPort> {
  try {
    return new SocketPort(await bind(await addressOf(host), port));
  } catch (error) {
    if (isIpv6Missing(error, host)) return openDatagramPort({ host: '0.0.0.0', port });
    throw await explainListenError(error, { host, port }, 'udp');
  }
}

async function addressOf(host: string): Promise<string> {
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(plain) ? plain : (await lookup(plain)).address;
}

async function bind(address: string, port: number): Promise<Socket> {
  const isV4 = isIPv4(address);
  const socket = createSocket({
    type: isV4 ? 'udp4' : 'udp6',
    // every address here is one already: no name server is asked, and a datagram leaves in the same turn
    lookup: (host, _options, done) => done(null, host, isV4 ? 4 : 6),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  askForBuffers(socket);
  return socket;
}

function askForBuffers(socket: Socket): void {
  for (const ask of [socket.setRecvBufferSize, socket.setSendBufferSize]) {
    SOCKET_BUFFER_BYTES.some((bytes) => {
      try {
        ask.call(socket, bytes);
        return true;
      } catch {
        return false;
      }
    });
  }
}

class SocketPort implements UdpPort {
  readonly local: string;
  readonly port: number;
  onDatagram: (datagram: Buffer, from: DatagramSource) => void = () => {};
  unsentCount = 0;
  lastSendError: string | undefined;
  readonly #socket: Socket;
  readonly #isV6: boolean;
  #isOpen = true;

  constructor(socket: Socket) {
    const { address, port, family } = socket.address();
    this.#socket = socket;
    this.#isV6 = family === 'IPv6';
    this.local = hostPort(address, port);
    this.port = port;
    socket.on('message', this.#onMessage);
    socket.on('error', this.#onError);
  }

  overheadBytes(to: DatagramSource): number {
    return to.address.includes(':') ? IPV6_OVERHEAD_BYTES : IPV4_OVERHEAD_BYTES;
  }

  send(datagram: Buffer, to: DatagramSource): void {
    if (!this.#isOpen) return;
    if (datagram.length > MAX_DATAGRAM_BYTES) return this.#noteUnsent('the datagram is too large');
    if (this.#socket.getSendQueueSize() > MAX_QUEUED_BYTES) return this.#noteUnsent('the system takes no more');
    const isMapped = this.#isV6 && !to.address.includes(':');
    try {
      this.#socket.send(datagram, to.port, isMapped ? MAPPED + to.address : to.address, this.#onSent);
    } catch (error) {
      this.#onSent(error);
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.off('message', this.#onMessage);
    this.#socket.close();
  }

  readonly #onMessage = (datagram: Buffer, { address, port }: RemoteInfo): void => {
    const isMapped = this.#isV6 && address.startsWith(MAPPED) && address.includes('.');
    this.onDatagram(datagram, { address: isMapped ? address.slice(MAPPED.length) : address, port });
  };

  /** One function for all datagrams, so that none needs its own. */
  readonly #onSent = (error: unknown): void => {
    if (error) this.#noteUnsent(reasonOf(error));
  };

  /** A datagram could not be received: it counts as lost on the way. */
  readonly #onError = (): void => {};

  #noteUnsent(reason: string): void {
    this.unsentCount++;
    this.lastSendError = reason;
  }
}
