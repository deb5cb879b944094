import { RtpReception } from '../../protocols/rtp/reception.ts';
import type { Gap, ReceivedPacket, ReceptionCounters, Timeline } from '../../protocols/rtp/reception-types.ts';
import type { ReportBlock } from '../../protocols/rtp/rtcp.ts';
import type { GapCause } from '../proof/gap-list.ts';
import { ArrivalStatistics } from './arrival-statistics.ts';
import type { FlowLineOptions, FrameSink, PlacedBy, RtcpArrival } from './flow-line-types.ts';
import { FrameRing } from './frame-ring.ts';
import { Playout } from './playout.ts';
import { SenderIdentities } from './sender-identities.ts';
import type { Place, TakeLine } from './take-line.ts';

/** Room in the buffer beyond its delay: arrivals are kept in steps, and packets come in bursts. */
const SPARE_MS = 500;
/** How far flows of one clock may arrive apart, beyond the buffer. */
const CLOCK_TOLERANCE_MS = 1000;

/** A packet that found no room in the ring before older frames are released. */
interface Overflow {
  readonly position: number;
  readonly frames: Buffer;
}

/** The timeline that is received now. */
interface CurrentRun extends Timeline {
  /** Its first frame, which may have been overtaken. */
  earliest: number;
  /** The end of its newest frames. */
  end: number;
  lastMs: number;
  /** Frames before this one are released; undefined before the first release. */
  released: number | undefined;
  /** The recorder's frame of timestamp 0, when it is known. */
  base: number | undefined;
  /** Whether the run's first frames have been written. */
  hasBegun: boolean;
  /** Whether the sink was told of it; a restarted sender that goes on in the same timeline is told again. */
  isTold: boolean;
}

/**
 * One flow on its way into a take: packets in, and frames out in order on the take's time line, with silence of exactly
 * the length of what is missing. Packets wait up to the buffer for those before them. No sockets, no clock: arrival
 * times and datagrams are handed in, and `tick` releases what is due. Memory is bounded by the buffer.
 */
export class FlowLine {
  readonly #options: FlowLineOptions;
  readonly #line: TakeLine;
  readonly #sink: FrameSink;
  readonly #reception: RtpReception;
  /** When packets came, against when they should have. */
  readonly arrivals: ArrivalStatistics;
  readonly #identities = new SenderIdentities();
  readonly #ring: FrameRing;
  readonly #playout: Playout;
  readonly #framesPerMs: number;
  #run: CurrentRun | undefined;
  #gaps: Gap[] = [];
  #overflow: Overflow[] = [];
  #usefulSequence = Number.NEGATIVE_INFINITY;
  // In the take's frames: all before it is written.
  #written = 0;
  #overlapFrames = 0;
  // Where timestamp 0 of the current run is by arrival.
  #expectedBase = 0;
  #placedBy: PlacedBy = 'arrival';

  constructor(options: FlowLineOptions, line: TakeLine, sink: FrameSink) {
    this.#options = options;
    this.#line = line;
    this.#sink = sink;
    const { sampleRate, frameBytes, payloadTypes, bufferMs } = options;
    this.#framesPerMs = sampleRate / 1000;
    this.#ring = new FrameRing(Math.ceil((bufferMs + SPARE_MS) * this.#framesPerMs), frameBytes);
    this.arrivals = new ArrivalStatistics(sampleRate);
    this.#playout = new Playout(bufferMs);
    this.#reception = new RtpReception(
      { sampleRate, frameBytes, payloadTypes, hasSharedEpoch: options.mediaClock !== undefined },
      {
        timeline: (timeline) => this.#begin(timeline),
        packet: (packet) => this.#take(packet),
        gap: (gap) => void this.#gaps.push(gap),
        moved: (from) => {
          if (this.#run) this.#run = { ...this.#run, from };
        },
      },
    );
    line.join({ earliest: () => this.#earliest() });
  }

  get counters(): ReceptionCounters {
    return this.#reception.counters;
  }

  /** Frames that came again for a time that was written: a sender that was restarted and counted from before. */
  get overlapFrames(): number {
    return this.#overlapFrames;
  }

  /** The SSRC that is heard, and from where. */
  get sender(): { readonly ssrc: number; readonly from: string } | undefined {
    return this.#run && { ssrc: this.#run.ssrc, from: this.#run.from };
  }

  /** The name its sender gives itself by RTCP. */
  get cname(): string | undefined {
    return this.#run && this.#identities.cnameOf(this.#run.ssrc, this.#run.from);
  }

  /** Where its sender takes reports and requests; undefined before its first report. */
  get feedbackTo(): { readonly ssrc: number; readonly address: string; readonly port: number } | undefined {
    const run = this.#run;
    const port = run && this.#identities.portOf(run.ssrc, run.from);
    return port === undefined ? undefined : { ssrc: run!.ssrc, address: run!.from, port };
  }

  /** Whether the sender has said that it stops. */
  get hasSaidBye(): boolean {
    return this.#identities.hasSaidBye;
  }

  /** When its last packet came; undefined before the first. */
  get lastArrivalMs(): number | undefined {
    return this.#run?.lastMs;
  }

  /** Sources that send to the port and are not heard. */
  strangers(): { ssrc: number; from: string; packets: number }[] {
    return this.#reception.strangers();
  }

  /** Frames that wait, in milliseconds. */
  get bufferedMs(): number {
    const run = this.#run;
    return run ? (run.end - (run.released ?? run.earliest)) / this.#framesPerMs : 0;
  }

  /** Sample frames of the take that are written. */
  get written(): number {
    return this.#written;
  }

  /** Takes a datagram; see `RtpReception.receive`. */
  receive(datagram: Buffer, from: string, arrivalMs: number): void {
    this.#reception.receive(datagram, from, arrivalMs);
    if (this.#overflow.length > 0) this.#makeRoom();
  }

  #makeRoom(): void {
    for (const { position, frames } of this.#overflow.splice(0)) this.#makeRoomFor(position, frames);
  }

  /** Takes a compound packet of RTCP. */
  rtcp(arrival: RtcpArrival): void {
    this.#identities.take(arrival, this.#reception, this.#run?.from ?? '');
  }

  /** Releases what has waited long enough. To be called several times within the buffer's length. */
  tick(nowMs: number): void {
    const due = this.#playout.due(nowMs);
    if (!due) return;
    this.#usefulSequence = due.sequence + 1;
    this.#release(due.end);
  }

  /** Releases all there is: the take ends. */
  finish(): void {
    if (this.#run) this.#release(this.#run.end);
  }

  /** Packets before this extended sequence number are written, or given up. */
  get oldestUseful(): number {
    return this.#usefulSequence;
  }

  /** Extended sequence numbers that are missing and may still come in time, ascending. */
  missingSequences(limit: number): number[] {
    return this.#reception.missingSequences(this.#usefulSequence, limit);
  }

  /** The block about this flow for a receiver report. */
  reportBlock(nowMs: number): ReportBlock | undefined {
    return this.#reception.reportBlock(nowMs);
  }

  #begin(timeline: Timeline): void {
    const before = this.#run;
    this.#identities.heard();
    if (before && timeline.isContinued) {
      this.#run = { ...before, ssrc: timeline.ssrc, from: timeline.from, cause: timeline.cause, isTold: false };
      this.#usefulSequence = Number.NEGATIVE_INFINITY;
      return;
    }
    if (before) this.#emitUpTo(before.end);
    const base = before && this.#baseAfter(before, timeline);
    this.#gaps = [];
    this.#usefulSequence = Number.NEGATIVE_INFINITY;
    this.#playout.restart();
    this.arrivals.restart();
    const { position, arrivalMs } = timeline;
    this.#run = {
      ...timeline,
      earliest: position,
      end: position,
      lastMs: arrivalMs,
      released: undefined,
      base: undefined,
      hasBegun: false,
      isTold: false,
    };
    this.#expectedBase = base ?? Math.round(arrivalMs * this.#framesPerMs) - position;
  }

  // By the time since the last packet: the recorder's own clock may have drifted from the sender's for hours.
  #baseAfter(before: CurrentRun, next: Timeline): number {
    const elapsed = Math.max(0, Math.round((next.arrivalMs - before.lastMs) * this.#framesPerMs));
    return this.#baseOf(before) + before.end + elapsed - next.position;
  }

  #take(packet: ReceivedPacket): void {
    const run = this.#run!;
    const { position, frames, isLate, datagram, payloadStart, payloadEnd, arrivalMs } = packet;
    const end = position + frames;
    this.arrivals.note(position, frames, arrivalMs);
    if (isLate || end <= run.end - this.#ring.capacity) return;
    if (run.released === undefined && position < run.earliest) run.earliest = position;
    const needed = run.released ?? run.earliest;
    const start = Math.max(position, needed);
    const payload = datagram.subarray(payloadStart + (start - position) * this.#options.frameBytes, payloadEnd);
    if (end - needed > this.#ring.capacity) this.#overflow.push({ position: start, frames: Buffer.from(payload) });
    else this.#ring.write(start, payload);
    run.lastMs = arrivalMs;
    if (end <= run.end) return;
    run.end = end;
    this.#playout.note(end, packet.sequence, arrivalMs);
  }

  #makeRoomFor(position: number, frames: Buffer): void {
    const { capacity } = this.#ring;
    const end = position + frames.length / this.#options.frameBytes;
    // A packet longer than the buffer keeps its end only.
    const start = Math.max(position, end - capacity);
    this.#release(end - capacity);
    this.#ring.write(start, frames.subarray((start - position) * this.#options.frameBytes));
  }

  #release(to: number): void {
    const run = this.#run;
    if (!run || to <= (run.released ?? run.earliest)) return;
    this.#reception.advance(to);
    this.#emitUpTo(to);
  }

  #emitUpTo(to: number): void {
    const run = this.#run!;
    let at = run.released ?? run.earliest;
    while (this.#gaps.length > 0 && this.#gaps[0]!.start < to) {
      const gap = this.#gaps[0]!;
      if (gap.start > at) this.#write(run, at, gap.start);
      at = Math.max(at, Math.min(gap.end, to));
      if (gap.end > to) break;
      this.#gaps.shift();
    }
    if (at < to) this.#write(run, at, to);
    run.released = Math.max(at, to);
  }

  // Frames that came go to their place in the take; what lies before them and was not written is silence.
  #write(run: CurrentRun, from: number, to: number): void {
    const shift = this.#baseOf(run) - this.#line.startFrame(this.#options.sampleRate);
    const start = shift + from;
    if (start > this.#written) {
      this.#sink.silence({ start: this.#written, end: start, cause: causeOf(run) });
      this.#written = start;
    }
    const skipped = Math.min(this.#written - start, to - from);
    this.#overlapFrames += skipped;
    if (!run.isTold && skipped < to - from) {
      run.hasBegun = true;
      run.isTold = true;
      const { ssrc, cause } = run;
      const timestamp = Number(BigInt.asUintN(32, BigInt(from + skipped)));
      this.#sink.run({ start: this.#written, ssrc, timestamp, from: run.from, cause, placedBy: this.#placedBy });
    }
    for (let at = from + skipped; at < to; ) {
      const bytes = this.#ring.read(at, to - at);
      this.#sink.samples(bytes);
      at += bytes.length / this.#options.frameBytes;
    }
    this.#written += to - from - skipped;
  }

  #baseOf(run: CurrentRun): number {
    run.base ??= this.#placeBase(run);
    return run.base;
  }

  #placeBase(run: CurrentRun): number {
    const { sampleRate, mediaClock, bufferMs } = this.#options;
    this.#identities.recall(this.#reception, run.ssrc, run.from);
    const position = run.earliest;
    const cname = this.#identities.cnameOf(run.ssrc, run.from);
    const utcMs = this.#reception.senderClock.utcMsAt(position);
    const byArrival = this.#expectedBase + position;
    const isReported = cname !== undefined && utcMs !== undefined;
    const tolerance = (bufferMs + CLOCK_TOLERANCE_MS) * this.#framesPerMs;
    const { groups } = this.#line;
    if (mediaClock) {
      this.#placedBy = 'media clock';
      const frame = position - mediaClock.offset;
      const across = { key: `rates ${mediaClock.key}`, frame, sampleRate };
      const inStep = isReported
        ? this.#inStepOf(cname, utcMs, byArrival)
        : groups.placeAcross(across, byArrival, tolerance);
      const reading = { key: `${sampleRate} ${mediaClock.key}`, frame, wraps: true };
      return groups.place(reading, inStep, tolerance) - position;
    }
    if (!isReported) {
      this.#placedBy = 'arrival';
      return this.#expectedBase;
    }
    this.#placedBy = 'sender reports';
    const frame = Math.round(utcMs * this.#framesPerMs);
    const reading = { key: `${sampleRate} cname ${cname}`, frame, wraps: false };
    return groups.place(reading, this.#inStepOf(cname, utcMs, byArrival), tolerance) - position;
  }

  // In step with what the same sender sends at other rates: its reports are of one clock. Counted in microseconds, which
  // all rates share; flows of one rate are then placed to the frame.
  #inStepOf(cname: string, utcMs: number, byArrival: number): number {
    const usPerFrame = 1000 / this.#framesPerMs;
    const reading = { key: `us cname ${cname}`, frame: Math.round(utcMs * 1000), wraps: false };
    const toleranceUs = (this.#options.bufferMs + CLOCK_TOLERANCE_MS) * 1000;
    return Math.round(this.#line.groups.place(reading, byArrival * usPerFrame, toleranceUs) / usPerFrame);
  }

  #earliest(): Place | undefined {
    const run = this.#run;
    if (!run || run.end <= (run.released ?? run.earliest)) return undefined;
    const frame = this.#baseOf(run) + (run.released ?? run.earliest);
    return { frame, sampleRate: this.#options.sampleRate };
  }
}

function causeOf({ hasBegun, index }: CurrentRun): GapCause {
  if (hasBegun) return 'lost';
  return index === 0 ? 'absent' : 'restart';
}
