import { Challengers, type HeldPacket } from './challengers.ts';
import { FrameCoverage } from './frame-coverage.ts';
import { InterarrivalJitter } from './interarrival-jitter.ts';
import { newRtpPacket, type RtpPacket, readRtpPacket } from './packet.ts';
import type { ReceptionCounters, ReceptionEvents, ReceptionOptions, Timeline } from './reception-types.ts';
import { ReportBlocks } from './report-block.ts';
import type { ReportBlock } from './rtcp.ts';
import { SenderClock } from './sender-clock.ts';
import { SequenceWindow } from './sequence-window.ts';
import { unwrapSequence, unwrapTimestamp } from './unwrap.ts';

/** Packets of one run that must fit together before a source is heard (RFC 3550 A.1: MIN_SEQUENTIAL). */
const MIN_RUN = 2;
/** A sequence number this far from where the timestamp would have it begins a new count (RFC 3550 A.1: MAX_DROPOUT). */
const MAX_DROPOUT_PACKETS = 3000;
/** How far a sequence number may be from what the timestamp says and still be taken for that. */
const MAX_UNEVEN_PACKETS = 16;

/** The stream that is heard. */
interface HeardStream {
  readonly ssrc: number;
  // Where it is heard from, and when it was last. The same packets may come from elsewhere: over a second network.
  from: string;
  fromMs: number;
  readonly timeline: number;
  hasSaidBye: boolean;
  // The packet with the highest position, from which the next ones are expected.
  position: number;
  sequence: number;
  frames: number;
  arrivalMs: number;
  // The latest packet, whatever its position.
  lastMs: number;
}

/**
 * Receives one RTP stream: finds it among what comes to a port, gives its frames extended timestamps, and counts what
 * is lost, late, duplicated and reordered (RFC 3550 A.1, A.3, A.8). Survives wraps of sequence number and timestamp,
 * outages of any length, restarts and jumps of the sender; other sources are counted and left out as long as the
 * stream is alive. No sockets, no clock: arrival times are handed in. Memory is bounded.
 */
export class RtpReception {
  readonly #options: Required<ReceptionOptions>;
  readonly #events: ReceptionEvents;
  readonly #framesPerMs: number;
  readonly #packet = newRtpPacket();
  readonly #challengers = new Challengers();
  readonly #sequences = new SequenceWindow();
  readonly #jitter = new InterarrivalJitter();
  readonly #reports = new ReportBlocks();
  readonly #coverage: FrameCoverage;
  readonly #counts = {
    packets: 0,
    frames: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    malformed: 0,
    unevenPayloads: 0,
    foreignPayloadTypes: 0,
    strangers: 0,
    timelines: 0,
  };
  #heard: HeardStream | undefined;

  /** When the sender says a frame was taken, by its sender reports. */
  readonly senderClock: SenderClock;

  constructor(options: ReceptionOptions, events: ReceptionEvents) {
    this.#options = {
      hasSharedEpoch: false,
      maxJumpMs: 10_000,
      restartSilenceMs: 200,
      takeoverSilenceMs: 5_000,
      ...options,
    };
    this.#events = events;
    this.#framesPerMs = options.sampleRate / 1000;
    this.senderClock = new SenderClock(options.sampleRate);
    this.#coverage = new FrameCoverage((gap) =>
      events.gap({ timeline: this.#heard?.timeline ?? 0, start: gap.start, end: gap.end }),
    );
  }

  /** The SSRC that is heard; undefined before the first stream. */
  get ssrc(): number | undefined {
    return this.#heard?.ssrc;
  }

  /** The end of the newest frames: where the next ones are expected. */
  get end(): number {
    return this.#coverage.end;
  }

  get counters(): ReceptionCounters {
    return {
      ...this.#counts,
      lost: this.#sequences.lost,
      droppedWhileHeld: this.#challengers.dropped,
      gaps: this.#coverage.gaps,
      gapFrames: this.#coverage.gapFrames,
      jitterMs: this.#jitter.frames / this.#framesPerMs,
      maximumJitterMs: this.#jitter.maximumFrames / this.#framesPerMs,
    };
  }

  /** Sources that send to the port and are not heard; at most 64, of the newest. */
  strangers(): { ssrc: number; from: string; packets: number }[] {
    return this.#challengers.list();
  }

  /**
   * Takes a datagram. The buffer may be used again after the call. Never throws of its own.
   * @param from the sender's address, without its port: a restarted sender may have another one
   * @param arrivalMs monotonic milliseconds
   */
  receive(datagram: Buffer, from: string, arrivalMs: number): void {
    const packet = this.#packet;
    if (readRtpPacket(datagram, packet) !== undefined) {
      this.#counts.malformed++;
      return;
    }
    if (!this.#options.payloadTypes.includes(packet.payloadType)) {
      this.#counts.foreignPayloadTypes++;
      return;
    }
    const frames = this.#framesOf(packet);
    if (frames === 0) {
      this.#counts.malformed++;
      return;
    }
    const heard = this.#heard;
    if (heard?.ssrc === packet.ssrc) {
      const position = this.#plausiblePosition(heard, arrivalMs);
      if (position !== undefined) {
        this.#challengers.dismiss();
        this.#noteNetwork(heard, from, arrivalMs);
        this.#accept(heard, position, frames, datagram, arrivalMs);
        return;
      }
    }
    this.#challenge(datagram, from, arrivalMs, frames);
  }

  /**
   * Everything before `position` is played or written: what is missing there is told as gaps, and packets for it are
   * late from now on. Going back changes nothing.
   */
  advance(position: number): void {
    this.#coverage.settle(position);
  }

  /** Extended sequence numbers that have not come, ascending, from `from` on: what to ask for again. */
  missingSequences(from: number, limit: number): number[] {
    return this.#heard ? this.#sequences.missing(from, limit) : [];
  }

  /** A sender report came. Those of other sources are left out. */
  senderReport(
    report: { ssrc: number; ntp: bigint; rtpTimestamp: number },
    arrivalMs: number,
    arrivalUtcMs: number,
  ): void {
    if (!this.#heard || report.ssrc !== this.#heard.ssrc) return;
    this.#reports.senderReport(report.ntp, arrivalMs);
    this.senderClock.report(report, this.#heard.position, arrivalUtcMs);
  }

  /** A source said BYE: if it is the one that is heard, any other may follow at once. True if it was. */
  bye(ssrc: number, from: string): boolean {
    const heard = this.#heard;
    if (heard?.ssrc !== ssrc || heard.from !== from) return false;
    heard.hasSaidBye = true;
    return true;
  }

  /** The block about this stream for a receiver report; undefined while nothing is heard. */
  reportBlock(nowMs: number): ReportBlock | undefined {
    if (!this.#heard) return undefined;
    const { expected, received, highest } = this.#sequences;
    const jitterFrames = this.#jitter.frames;
    return this.#reports.next(
      { ssrc: this.#heard.ssrc, expected, received, highestSequence: highest, jitterFrames },
      nowMs,
    );
  }

  // Where the packet belongs, if it belongs to the timeline that is heard.
  #plausiblePosition(heard: HeardStream, arrivalMs: number): number | undefined {
    const expected = heard.position + (arrivalMs - heard.arrivalMs) * this.#framesPerMs;
    const position = unwrapTimestamp(this.#packet.timestamp, expected);
    const isNear = Math.abs(position - expected) <= this.#options.maxJumpMs * this.#framesPerMs;
    return isNear ? position : undefined;
  }

  #noteNetwork(heard: HeardStream, from: string, arrivalMs: number): void {
    if (heard.from !== from) {
      if (arrivalMs - heard.fromMs < this.#options.takeoverSilenceMs) return;
      heard.from = from;
      this.#events.moved?.(from);
    }
    heard.fromMs = arrivalMs;
  }

  #accept(heard: HeardStream, position: number, frames: number, datagram: Buffer, arrivalMs: number): void {
    heard.lastMs = arrivalMs;
    const sequence = this.#extendedSequence(heard, position);
    const verdict = this.#sequences.add(sequence);
    if (verdict === 'duplicate') {
      this.#counts.duplicated++;
      return;
    }
    this.#counts.packets++;
    this.#counts.frames += frames;
    if (verdict !== 'next') this.#counts.reordered++;
    this.#jitter.add(arrivalMs * this.#framesPerMs - position);
    const isLate = this.#coverage.add(position, position + frames);
    if (isLate) this.#counts.late++;
    if (position > heard.position) {
      heard.position = position;
      heard.sequence = sequence;
      heard.frames = frames;
      heard.arrivalMs = arrivalMs;
    }
    const { payloadStart } = this.#packet;
    const payloadEnd = payloadStart + frames * this.#options.frameBytes;
    if (payloadEnd !== this.#packet.payloadEnd) this.#counts.unevenPayloads++;
    const { timeline } = heard;
    this.#events.packet({
      timeline,
      position,
      frames,
      sequence,
      datagram,
      payloadStart,
      payloadEnd,
      arrivalMs,
      isLate,
    });
  }

  // By the timestamp first: it knows how many wraps an outage has hidden, and tells an outage from a sender's new count.
  #extendedSequence(heard: HeardStream, position: number): number {
    const expected = heard.sequence + Math.round((position - heard.position) / heard.frames);
    const byTimestamp = unwrapSequence(this.#packet.sequence, expected);
    if (Math.abs(byTimestamp - expected) <= MAX_UNEVEN_PACKETS) return byTimestamp;
    const nearest = unwrapSequence(this.#packet.sequence, heard.sequence);
    if (Math.abs(nearest - heard.sequence) > MAX_DROPOUT_PACKETS) this.#sequences.restart(nearest);
    return nearest;
  }

  #challenge(datagram: Buffer, from: string, arrivalMs: number, frames: number): void {
    this.#counts.strangers++;
    const silentMs = this.#heard ? arrivalMs - this.#heard.lastMs : Infinity;
    const challenger = this.#challengers.note(this.#packet, frames, from, this.#patienceMs(from));
    const isSilent = silentMs >= challenger.patienceMs;
    if (!isSilent && challenger.patienceMs > this.#options.restartSilenceMs) return;
    this.#challengers.hold(challenger, datagram, arrivalMs);
    if (!isSilent || challenger.run < MIN_RUN) return;
    const held = this.#challengers.take(challenger);
    this.#counts.strangers -= held.length;
    this.#hear(held, from);
  }

  // How long the stream must have been silent before the packet's source is heard.
  #patienceMs(from: string): number {
    const heard = this.#heard;
    if (!heard || heard.hasSaidBye) return 0;
    if (heard.from !== from) return this.#options.takeoverSilenceMs;
    const isNext = this.#packet.sequence === ((this.#sequences.highest + 1) & 0xffff);
    return heard.ssrc === this.#packet.ssrc && isNext ? 0 : this.#options.restartSilenceMs;
  }

  #hear(held: readonly HeldPacket[], from: string): void {
    const first = held[0]!;
    readRtpPacket(first.datagram, this.#packet);
    const { ssrc, sequence } = this.#packet;
    const before = this.#heard;
    const continued =
      before && this.#options.hasSharedEpoch ? this.#plausiblePosition(before, first.arrivalMs) : undefined;
    const position = continued ?? this.#packet.timestamp;
    if (continued === undefined) this.#coverage.restart(position);
    this.#sequences.restart(sequence);
    this.#reports.reset(this.#sequences.expected, this.#sequences.received);
    this.#jitter.restart();
    this.senderClock.reset();
    const { arrivalMs } = first;
    const heard: HeardStream = {
      ssrc,
      from,
      fromMs: arrivalMs,
      timeline: this.#counts.timelines++,
      hasSaidBye: false,
      position,
      sequence,
      frames: this.#framesOf(this.#packet),
      arrivalMs,
      lastMs: arrivalMs,
    };
    this.#heard = heard;
    this.#events.timeline({
      index: heard.timeline,
      ssrc,
      from,
      position,
      arrivalMs,
      cause: causeOf(before, ssrc),
      isContinued: continued !== undefined,
    });
    for (const each of held) this.receive(each.datagram, from, each.arrivalMs);
  }

  #framesOf(packet: RtpPacket): number {
    return Math.floor((packet.payloadEnd - packet.payloadStart) / this.#options.frameBytes);
  }
}

function causeOf(before: HeardStream | undefined, ssrc: number): Timeline['cause'] {
  if (!before) return 'first';
  return before.ssrc === ssrc ? 'jump' : 'restart';
}
