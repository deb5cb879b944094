import type { RemoteInfo } from 'node:dgram';
import type { Clock } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { isRtcp } from '../../protocols/rtp/rtcp.ts';
import { decodeRtcp } from '../../protocols/rtp/rtcp-decode.ts';
import { addressKind } from '../../protocols/sdp/ip-address.ts';
import type { FlowLine } from './flow-line.ts';
import type { FlowPath } from './flow-spec.ts';
import { ReceiveSocket } from './receive-socket.ts';
import { RedundantReception } from './redundant-reception.ts';

/** What a flow is received with. */
export interface FlowReceiverOptions {
  readonly line: FlowLine;
  readonly paths: readonly FlowPath[];
  readonly clock: Clock;
  /** The interface on which a group is joined; undefined: the system chooses. */
  readonly localAddressOf: (path: FlowPath) => string | undefined;
}

interface PathSockets {
  readonly rtp: ReceiveSocket;
  /** The same socket where the two share a port. */
  rtcp: ReceiveSocket;
  redundancy?: ReceiveSocket;
  readonly isIPv6: boolean;
}

/** The sockets of a flow: hands what comes to its line. Owns them until `close`. */
export class FlowReceiver {
  readonly #options: FlowReceiverOptions;
  readonly #paths: PathSockets[] = [];
  readonly #redundant: RedundantReception | undefined;
  #malformedRtcp = 0;

  private constructor(options: FlowReceiverOptions) {
    this.#options = options;
    const types = options.paths.flatMap(({ redundancy }) => (redundancy ? [redundancy.fecPayloadType] : []));
    this.#redundant = types.length > 0 ? new RedundantReception(options.line, types) : undefined;
  }

  /** Opens all sockets; throws what `ReceiveSocket.open` throws, and none is left open then. */
  static async open(options: FlowReceiverOptions): Promise<FlowReceiver> {
    const receiver = new FlowReceiver(options);
    try {
      for (const [network, path] of options.paths.entries()) await receiver.#openPath(path, network);
      return receiver;
    } catch (error) {
      receiver.close();
      throw error;
    }
  }

  /** Packets that were lost and made again out of parity. */
  get repaired(): number {
    return this.#redundant?.repaired ?? 0;
  }

  /** Datagrams at the RTCP port that were no RTCP. */
  get malformedRtcp(): number {
    return this.#malformedRtcp;
  }

  /** Sends from the flow's RTCP port. What the network does not take is lost. */
  readonly sendRtcp = (datagram: Buffer, port: number, address: string): void => {
    const path = this.#paths.find(({ isIPv6 }) => isIPv6 === address.includes(':'));
    path?.rtcp.send(datagram, port, address);
  };

  close(): void {
    for (const { rtp, rtcp, redundancy } of this.#paths) {
      rtp.close();
      redundancy?.close();
      if (rtcp !== rtp) rtcp.close();
    }
    this.#paths.length = 0;
  }

  async #openPath(path: FlowPath, network: number): Promise<void> {
    const { address, port, rtcpPort, sources, redundancy } = path;
    const isGroup = address !== undefined && addressKind(address) === 'multicast';
    const localAddress = isGroup ? this.#options.localAddressOf(path) : undefined;
    const place = { address, localAddress, sources };
    const onRtp = (datagram: Buffer, from: RemoteInfo) => this.#onRtp(datagram, from, network);
    const onMixed = (datagram: Buffer, from: RemoteInfo) =>
      isRtcp(datagram) ? this.#onRtcp(datagram, from) : onRtp(datagram, from);
    const rtp = await ReceiveSocket.open({ ...place, port }, rtcpPort === port ? onMixed : onRtp);
    const sockets: PathSockets = { rtp, rtcp: rtp, isIPv6: address?.includes(':') ?? false };
    this.#paths.push(sockets);
    if (rtcpPort !== port) sockets.rtcp = await ReceiveSocket.open({ ...place, port: rtcpPort }, this.#onRtcp);
    if (!redundancy || redundancy.port === port || redundancy.port === rtcpPort) return;
    sockets.redundancy = await ReceiveSocket.open({ ...place, port: redundancy.port }, (datagram, { address: from }) =>
      this.#redundant?.redundancy(datagram, from, this.#options.clock.nowMs(), network),
    );
  }

  #onRtp(datagram: Buffer, { address }: RemoteInfo, network: number): void {
    const { line, clock } = this.#options;
    if (this.#redundant) this.#redundant.media(datagram, address, clock.nowMs(), network);
    else line.receive(datagram, address, clock.nowMs());
  }

  readonly #onRtcp = (datagram: Buffer, from: RemoteInfo): void => {
    const { line, clock } = this.#options;
    try {
      const messages = decodeRtcp(datagram);
      const arrivalMs = clock.nowMs();
      line.rtcp({ messages, from: from.address, port: from.port, arrivalMs, arrivalUtcMs: clock.utcMs() });
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#malformedRtcp++;
    }
  };
}
