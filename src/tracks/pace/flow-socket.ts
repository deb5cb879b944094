import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Where a flow's packets go, and from where. Addresses are literals: names are resolved before. */
export interface PaceDestination {
  readonly address: string;
  readonly port: number;
  /** The address of the interface to send from; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
  /** 0 or undefined: any free port. */
  readonly localPort?: number | undefined;
  /** Undefined for unicast. */
  readonly multicast?: { readonly ttl: number; readonly loopback: boolean } | undefined;
}

/** Told of what the network did with packets. */
export interface SendCounters {
  lost(): void;
  refused(): void;
}

/** How many packets are watched after one was lost. */
const WATCHED_AFTER_LOSS = 64;
const SEND_BUFFER_BYTES = 1 << 20;

/**
 * A connected socket that sends within the call: with no callback and no name to look up, the datagram is with the
 * kernel when `send` returns. Without a callback an error is not told, and a callback costs half as much again as
 * sending. So only about one packet in `sampleEvery` has one, and, once one was lost, all until 64 have passed.
 */
export class FlowSocket {
  readonly #socket: Socket;
  readonly #counters: SendCounters;
  readonly #sampleEvery: number;
  #untilSample = 0;
  /** Alternates, so that the samples do not always meet the same packet of a slot. */
  #shift = 0;
  #watched = 0;

  private constructor(socket: Socket, counters: SendCounters, sampleEvery: number) {
    this.#socket = socket;
    this.#counters = counters;
    this.#sampleEvery = sampleEvery;
    socket.on('error', this.#onResult);
  }

  /** Opens, binds and connects the socket. Rejects with the system's error. */
  static async open(destination: PaceDestination, counters: SendCounters, sampleEvery: number): Promise<FlowSocket> {
    const { address, port, localAddress, localPort = 0, multicast } = destination;
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    try {
      const bindTo = localAddress === undefined ? {} : { address: localAddress };
      await settled(socket, (done) => socket.bind({ ...bindTo, port: localPort, exclusive: true }, done));
      socket.setSendBufferSize(SEND_BUFFER_BYTES);
      if (multicast) {
        if (localAddress !== undefined) socket.setMulticastInterface(localAddress);
        socket.setMulticastTTL(multicast.ttl);
        socket.setMulticastLoopback(multicast.loopback);
      }
      await settled(socket, (done) => socket.connect(port, address, done as () => void));
    } catch (error) {
      socket.close();
      throw error;
    }
    return new FlowSocket(socket, counters, sampleEvery);
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  /** Sends before it returns. */
  send(packet: Buffer): void {
    if (this.#watched === 0 && this.#untilSample-- > 0) this.#socket.send(packet);
    else {
      if (this.#sampleEvery > 1) this.#shift = 1 - this.#shift;
      this.#untilSample = this.#sampleEvery - 1 + this.#shift;
      this.#socket.send(packet, this.#onResult);
    }
  }

  close(): void {
    this.#socket.close();
  }

  readonly #onResult = (error: Error | null): void => {
    if (!error) this.#watched = Math.max(0, this.#watched - 1);
    else if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#counters.refused();
    else {
      this.#watched = WATCHED_AFTER_LOSS;
      this.#counters.lost();
    }
  };
}

/** Runs an operation of a socket that ends by calling back or by the event `error`. */
function settled(socket: Socket, run: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    run((error) => {
      socket.off('error', reject);
      if (error) reject(error);
      else resolve();
    });
  });
}
