import type { DatagramPort } from '../../src/net/link/carrier.ts';
import { encodeFrame, type Frame } from '../../src/protocols/link/frames.ts';
import { type InitiatorCredentials, LinkInitiator, type SecureChannel } from '../../src/protocols/link/handshake.ts';
import { messageKindOf } from '../../src/protocols/link/message-kind.ts';
import { ByteWriter } from '../../src/protocols/link/varint.ts';
import type { MemoryNetwork } from './memory-carriers.ts';

/** Speaks the link by hand from one address, to see what a node does with it. */
export class Stranger {
  readonly answers: Buffer[] = [];
  readonly source: { address: string; port: number };
  channel: SecureChannel | undefined;
  readonly #port: DatagramPort;
  readonly #network: MemoryNetwork;
  readonly #to: { address: string; port: number };

  private constructor(network: MemoryNetwork, port: DatagramPort, address: string, to: { host: string; port: number }) {
    this.#network = network;
    this.#port = port;
    this.#to = { address: to.host, port: to.port };
    this.source = { address, port: port.port };
    port.onDatagram = (datagram) => this.answers.push(datagram);
  }

  static async at(network: MemoryNetwork, address: string, to: { host: string; port: number }): Promise<Stranger> {
    const port = await network.carriers(address).openDatagramPort({ host: '0.0.0.0', port: 0 });
    return new Stranger(network, port, address, to);
  }

  send(datagram: Buffer): void {
    this.#port.send(datagram, this.#to);
  }

  /** Hello, retry, hello again. Returns the last hello; the channel is there when it was answered. */
  async greet(credentials: InitiatorCredentials, connectionId = 7): Promise<Buffer> {
    const initiator = new LinkInitiator(credentials, connectionId, Buffer.alloc(0));
    this.send(initiator.hello);
    await this.#network.clock.run(50);
    const retry = this.answers.findLast((answer) => messageKindOf(answer) === 'retry');
    if (!retry) throw new Error('no retry came');
    initiator.retry(retry);
    this.send(initiator.hello);
    await this.#network.clock.run(50);
    const response = this.answers.findLast((answer) => messageKindOf(answer) === 'response');
    if (response) this.channel = initiator.finish(response, this.#network.clock.nowMs()).channel;
    return initiator.hello;
  }

  /** A record with these frames, or bytes that are none. */
  say(content: Buffer | readonly Frame[]): void {
    const payload = Buffer.isBuffer(content) ? content : payloadOf(content);
    this.send(this.channel!.sealer.seal(payload, this.#network.clock.nowMs()));
  }
}

function payloadOf(frames: readonly Frame[]): Buffer {
  const writer = new ByteWriter(2000);
  for (const frame of frames) encodeFrame(writer, frame);
  return writer.finish();
}
