/**
 * Packets that do not belong to the stream that is received: of another source, or of the same after a jump. Each
 * source among them has to show a run of packets that fit together (RFC 3550 6.2.1 and A.1: probation) before it is
 * heard. What a run has sent until then can be held, so that nothing of a restarted sender is lost.
 * @module
 */
import type { RtpPacket } from './packet.ts';
import { unwrapSequence, unwrapTimestamp } from './unwrap.ts';

/** Sources that are remembered at a time; a flood of random ones takes places at random. */
const PLACES = 64;
/** How far apart two packets of a run may be. RFC 3550 A.1 calls it MAX_MISORDER. */
const MAX_DISTANCE_PACKETS = 100;
const MAX_HELD_PACKETS = 2048;
const MAX_HELD_BYTES = 4 * 1024 * 1024;

/** A datagram that waits for its source to be taken. */
export interface HeldPacket {
  /** A copy. */
  readonly datagram: Buffer;
  readonly arrivalMs: number;
}

/** A source that is not heard. */
export interface Challenger {
  readonly ssrc: number;
  /** Sender address as the socket tells it. */
  readonly from: string;
  /** How long the stream that is heard must have been silent before this source takes its place. */
  patienceMs: number;
  /** All packets of this source since it was first seen. */
  packets: number;
  /** How many of them fit together, the latest included. */
  run: number;
  sequence: number;
  timestamp: number;
  frames: number;
  /** The run's datagrams, in order of arrival. */
  held: HeldPacket[];
}

/** The sources that are not heard; bounded in number and in bytes. */
export class Challengers {
  readonly #places: (Challenger | undefined)[] = new Array(PLACES).fill(undefined);
  #heldPackets = 0;
  #heldBytes = 0;
  #dropped = 0;

  /** How many datagrams were held in vain, because there was no room for more. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Who is remembered at the moment, in no order. */
  list(): { ssrc: number; from: string; packets: number }[] {
    return this.#places.flatMap((each) => (each ? [{ ssrc: each.ssrc, from: each.from, packets: each.packets }] : []));
  }

  /** Counts a packet of a source that is not heard. The least `patienceMs` of a run holds. */
  note(packet: RtpPacket, frames: number, from: string, patienceMs: number): Challenger {
    const place = Math.imul(packet.ssrc ^ hashOf(from), 0x9e37_79b1) >>> 26;
    let known = this.#places[place];
    if (known?.ssrc !== packet.ssrc || known.from !== from) {
      if (known) this.#release(known);
      known = undefined;
    }
    if (known && followsIn(known, packet, frames)) {
      known.run++;
      known.patienceMs = Math.min(known.patienceMs, patienceMs);
    } else {
      if (known) this.#release(known);
      known = { ssrc: packet.ssrc, from, patienceMs, packets: known?.packets ?? 0, run: 1, held: [], ...newRun() };
      this.#places[place] = known;
    }
    known.packets++;
    known.sequence = packet.sequence;
    known.timestamp = packet.timestamp;
    known.frames = frames;
    return known;
  }

  /** Keeps a copy of the run's latest datagram until the source is taken or the stream goes on. */
  hold(challenger: Challenger, datagram: Buffer, arrivalMs: number): void {
    if (this.#heldPackets >= MAX_HELD_PACKETS || this.#heldBytes + datagram.length > MAX_HELD_BYTES) this.#dropHeld();
    challenger.held.push({ datagram: Buffer.from(datagram), arrivalMs });
    this.#heldPackets++;
    this.#heldBytes += datagram.length;
  }

  /** The source is heard from now on. Its run's datagrams, to be received now. */
  take(challenger: Challenger): HeldPacket[] {
    const { held } = challenger;
    challenger.held = [];
    this.#heldPackets = 0;
    this.#heldBytes = 0;
    this.#places.fill(undefined);
    return held;
  }

  /** The stream that is heard goes on, so that nobody takes its place: all runs are over. */
  dismiss(): void {
    if (this.#heldPackets === 0) return;
    for (const each of this.#places) {
      if (!each) continue;
      this.#release(each);
      each.run = 0;
    }
  }

  #dropHeld(): void {
    this.#dropped += this.#heldPackets;
    for (const each of this.#places) if (each) this.#release(each);
  }

  #release(challenger: Challenger): void {
    this.#heldPackets -= challenger.held.length;
    for (const { datagram } of challenger.held) this.#heldBytes -= datagram.length;
    challenger.held = [];
  }
}

function newRun(): { sequence: number; timestamp: number; frames: number } {
  return { sequence: 0, timestamp: 0, frames: 0 };
}

// Sequence and timestamp went on by the same number of packets.
function followsIn(run: Challenger, packet: RtpPacket, frames: number): boolean {
  if (run.run === 0 || frames !== run.frames) return false;
  const packets = unwrapSequence(packet.sequence, run.sequence) - run.sequence;
  if (packets === 0 || Math.abs(packets) > MAX_DISTANCE_PACKETS) return false;
  return unwrapTimestamp(packet.timestamp, run.timestamp) - run.timestamp === packets * frames;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
