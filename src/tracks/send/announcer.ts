import { createSocket, type Socket } from 'node:dgram';
import type { Clock, Timer } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { announcementIntervalMs } from '../../protocols/sap/interval.ts';
import { encodeSap, messageIdOf, SAP_GROUPS, SAP_PORT, type SapPacket } from '../../protocols/sap/packet.ts';

/** A session that is new is announced more often: whoever starts a receiver now waits for it. */
const NEW_MS = 60_000;
const NEW_MINIMUM_MS = 5000;

/** The part of a datagram socket that is needed here. */
export type SapSocket = Pick<Socket, 'on' | 'bind' | 'setMulticastInterface' | 'setMulticastTTL' | 'send' | 'close'>;

/** What is announced. */
export interface AnnouncerOptions {
  readonly sdps: readonly string[];
  readonly originAddress: string;
  /** The interface to announce on, IPv4; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
  readonly ttl: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Announcing does not work, in words; called once at most. */
  readonly onProblem: (reason: string) => void;
  /** Makes the socket; a socket of the system when undefined. */
  readonly newSocket?: () => SapSocket;
}

/** Announces descriptions by SAP (RFC 2974) from `start` to `stop`. A network that takes none stops nothing else. */
export class SapAnnouncer {
  readonly #options: AnnouncerOptions;
  readonly #group: string;
  #socket: SapSocket | undefined;
  #timer: Timer | undefined;
  #startMs = 0;
  #hasFailed = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#group = SAP_GROUPS[0];
  }

  /** Sends the first announcements, and further ones from time to time. Never throws. */
  start(): void {
    const { localAddress, ttl, newSocket = () => createSocket('udp4') } = this.#options;
    this.#startMs = this.#options.clock.nowMs();
    const socket = newSocket();
    this.#socket = socket;
    socket.on('error', (error) => this.#fail(error));
    socket.bind(localAddress === undefined ? {} : { address: localAddress }, () => {
      try {
        if (localAddress !== undefined) socket.setMulticastInterface(localAddress);
        socket.setMulticastTTL(ttl);
        this.#announce();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  /** Deletes what was announced and closes. Resolves when the deletions have left. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    if (!this.#hasFailed) await this.#send('delete');
    this.#socket?.close();
    this.#socket = undefined;
  }

  #announce(): void {
    const { sdps, clock, random } = this.#options;
    void this.#send('announce');
    const bytes = Math.max(...sdps.map((sdp) => sdp.length));
    const load = { announcements: sdps.length, bytes };
    const isNew = clock.nowMs() - this.#startMs < NEW_MS;
    const waitMs = announcementIntervalMs(isNew ? { ...load, minimumMs: NEW_MINIMUM_MS } : load, random());
    this.#timer = clock.after(waitMs, () => this.#announce());
  }

  async #send(kind: SapPacket['kind']): Promise<void> {
    const { sdps, originAddress } = this.#options;
    await Promise.all(
      sdps.map((sdp) => {
        const datagram = encodeSap({ kind, messageId: messageIdOf(sdp), originAddress, sdp });
        return new Promise<void>((resolve) => {
          if (!this.#socket) return resolve();
          this.#socket.send(datagram, SAP_PORT, this.#group, (error) => {
            if (error) this.#fail(error);
            resolve();
          });
        });
      }),
    );
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#timer?.cancel();
    this.#options.onProblem(reasonOf(error));
  }
}
