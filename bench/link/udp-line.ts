import { createSocket, type Socket } from 'node:dgram';
import type { LineState } from './scenarios.ts';

const HEADER_BYTES = 28;

/** One direction: what is lost, what waits, when it arrives. */
class Direction {
  bytes = 0;
  readonly #random: () => number;
  #freeMs = 0;
  #lastMs = 0;
  #isBad = false;
  #spellEndMs = performance.now();

  constructor(random: () => number) {
    this.#random = random;
  }

  /** When a datagram of so many bytes arrives; undefined: never. */
  arrivalMs(length: number, line: LineState): number | undefined {
    const nowMs = performance.now();
    const bytes = length + HEADER_BYTES;
    this.bytes += bytes;
    const burstLoss = this.#burstLoss(line, nowMs);
    let leavesMs = nowMs;
    if (line.rate) {
      const startsMs = Math.max(nowMs, this.#freeMs);
      if (((startsMs - nowMs) * line.rate.bytesPerSecond) / 1000 + bytes > line.rate.queueBytes) return undefined;
      leavesMs = startsMs + (bytes * 1000) / line.rate.bytesPerSecond;
      this.#freeMs = leavesMs;
    }
    if (this.#random() < burstLoss || this.#random() < (line.loss ?? 0)) return undefined;
    const jitterMs = (2 * this.#random() - 1) * (line.jitterMs ?? 0);
    this.#lastMs = Math.max(this.#lastMs, leavesMs + line.delayMs + jitterMs);
    return this.#lastMs;
  }

  #burstLoss({ bursts }: LineState, nowMs: number): number {
    if (!bursts) return 0;
    while (nowMs >= this.#spellEndMs) {
      this.#isBad = !this.#isBad;
      const meanMs = this.#isBad ? bursts.meanMs : (bursts.meanMs * (1 - bursts.share)) / bursts.share;
      this.#spellEndMs += -Math.log(1 - this.#random()) * meanMs;
    }
    return this.#isBad ? bursts.loss : 0;
  }
}

/** A bad line for UDP on loopback: takes datagrams on `port` and passes them to a server's port, and back. */
export class UdpLine {
  line: LineState;
  isDown = false;
  readonly port: number;
  readonly #front: Socket;
  readonly #backs = new Map<string, Socket>();
  readonly #serverPort: number;
  readonly #toServer: Direction;
  readonly #toClient: Direction;

  private constructor(front: Socket, serverPort: number, line: LineState, random: () => number) {
    this.line = line;
    this.port = front.address().port;
    this.#front = front;
    this.#serverPort = serverPort;
    this.#toServer = new Direction(random);
    this.#toClient = new Direction(random);
    front.on('message', (datagram, from) => {
      const back = this.#backs.get(`${from.port}`) ?? this.#open(from.port);
      this.#pass(this.#toServer, datagram, () => back.send(datagram, this.#serverPort, '127.0.0.1'));
    });
  }

  static async open(serverPort: number, line: LineState, random: () => number): Promise<UdpLine> {
    const front = createSocket('udp4');
    await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve));
    return new UdpLine(front, serverPort, line, random);
  }

  /** What the server put on the line so far, lost datagrams included, with IP and UDP headers. */
  get serverBytes(): number {
    return this.#toClient.bytes;
  }

  close(): void {
    for (const socket of [this.#front, ...this.#backs.values()]) socket.close();
  }

  #open(clientPort: number): Socket {
    const back = createSocket('udp4');
    back.on('message', (datagram) => {
      this.#pass(this.#toClient, datagram, () => this.#front.send(datagram, clientPort, '127.0.0.1'));
    });
    back.on('error', () => {});
    this.#backs.set(`${clientPort}`, back);
    return back;
  }

  // What is under way when the line goes down is lost.
  #pass(direction: Direction, datagram: Buffer, send: () => void): void {
    const arrivalMs = direction.arrivalMs(datagram.length, this.line);
    if (arrivalMs === undefined || this.isDown) return;
    setTimeout(() => {
      if (this.isDown) return;
      try {
        send();
      } catch {
        // the run is over
      }
    }, arrivalMs - performance.now());
  }
}
