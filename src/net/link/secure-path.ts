import type { Clock } from '../../core/clock.ts';
import type { DatagramSource } from '../../protocols/link/address-proof.ts';
import type { SecureChannel } from '../../protocols/link/handshake.ts';
import type { PathState } from '../../protocols/link/link-path.ts';
import type { PathTransport } from './path-transport.ts';
import type { RefusalReason, Refusals } from './refusals.ts';

const REASONS = {
  malformed: 'malformed_record',
  old: 'old_record',
  duplicate: 'duplicate_record',
  future: 'future_record',
  forged: 'forged_record',
} as const satisfies Record<string, RefusalReason>;

/** What a path is made of. */
export interface SecurePathOptions {
  readonly transport: PathTransport;
  readonly channel: SecureChannel;
  readonly clock: Clock;
  readonly refusals: Refusals;
}

/** One connection whose handshake is done: seals what goes out, opens what comes. */
export class SecurePath {
  readonly transport: PathTransport;
  /** The session's number for it; 0 until it belongs to one. */
  id = 0;
  /** As the session sees it. */
  state: PathState = 'attaching';
  stateSinceMs: number;
  /** Takes genuine payloads; set by the owner. */
  onPayload: (packetNumber: number, payload: Buffer) => void = () => {};
  readonly #channel: SecureChannel;
  readonly #clock: Clock;
  readonly #refusals: Refusals;
  #isClosed = false;

  constructor({ transport, channel, clock, refusals }: SecurePathOptions) {
    this.transport = transport;
    this.#channel = channel;
    this.#clock = clock;
    this.#refusals = refusals;
    this.stateSinceMs = clock.nowMs();
  }

  /** A record came; `from`: by which address, where that can change. What is not genuine is counted only. */
  receive(record: Buffer, from?: DatagramSource): void {
    if (this.#isClosed) return;
    const { opener } = this.#channel;
    const highest = opener.highestNumber;
    const opened = opener.open(record, this.#clock.nowMs());
    if (typeof opened === 'string') return this.#refusals.count(REASONS[opened]);
    if (from && opened.number > highest) this.transport.cameFrom(from);
    this.onPayload(opened.number, opened.payload);
  }

  /** Sends a payload as the next record. Returns false when the carrier is full. */
  send(payload: Buffer, nowMs: number): boolean {
    const record = this.#channel.sealer.seal(payload, nowMs);
    return this.#isClosed || this.transport.send(record);
  }

  /** The peer has the record of that number. */
  acknowledge(number: number): void {
    this.#channel.sealer.acknowledge(number);
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.transport.close();
  }
}
