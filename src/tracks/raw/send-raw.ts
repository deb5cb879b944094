/**
 * Files into the network as they lie on the disk: raw little-endian samples, no header, one source port a file, all
 * files from one start instant. A receiver that joins the datagrams of one port has the file's audio.
 * @module
 */
import { type Clock, monotonicNs, sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import { periodOfMicroseconds } from '../pace/grid.ts';
import type { LatenessSummary } from '../pace/lateness.ts';
import { openPacer, type Pacer } from '../pace/pacer.ts';
import { askForRealtime, type RealtimeAnswer } from '../pace/realtime.ts';
import { resolveHost } from '../resolve-host.ts';
import { openWavFile } from '../wav-file.ts';
import { RawTrack } from './raw-track.ts';

/** What is sent, and where. */
export interface RawOptions {
  readonly paths: readonly string[];
  /** A name or an address, of a host or a multicast group. */
  readonly host: string;
  readonly port: number;
  /** From one datagram of a file to the next. */
  readonly delayMicroseconds: number;
  /** Asks for real-time scheduling; the answer goes to `onRealtime`. */
  readonly realtime: boolean;
  readonly clock: Clock;
  /** Ends the sending within one delay. */
  readonly signal: AbortSignal;
  readonly onRealtime: (answer: RealtimeAnswer) => void;
  /** What is not as it should be in a file, in words. */
  readonly onWarning: (path: string, warning: string) => void;
  /** Called once a second while sending. */
  readonly onProgress: (files: readonly RawFileReport[]) => void;
}

/** One file so far, or at the end. */
export interface RawFileReport {
  readonly path: string;
  /** The port that its datagrams come from. */
  readonly sourcePort: number;
  readonly sentSeconds: number;
  /** All of the file was sent. */
  readonly isDone: boolean;
  /** The audio that was sent, against the time since the start; below 0 is behind. */
  readonly aheadMs: number;
  readonly datagrams: number;
  readonly bytes: number;
  /** Datagrams that this machine could not send. */
  readonly lost: number;
  /** How often the network answered that nobody listens at the port. */
  readonly refused: number;
}

/** What was sent. */
export interface RawReport {
  readonly files: readonly RawFileReport[];
  /** How late the datagrams left. */
  readonly lateness: LatenessSummary;
}

const AHEAD_MS = 1000;
const FILL_EVERY_MS = 100;
const PROGRESS_EVERY_MS = 1000;
/** From the full rings to the first datagrams. */
const START_AFTER_NS = 20_000_000n;
const MULTICAST = /^(2(2[4-9]|3\d)\.|ff)/i;

/**
 * Sends files and resolves when all were sent or `signal` aborted.
 * @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM, UNREACHABLE, USAGE
 */
export async function sendRaw(options: RawOptions): Promise<RawReport> {
  const tracks: RawTrack[] = [];
  try {
    for (const path of options.paths) tracks.push(await openTrack(path, options));
    return await new RawSession(tracks, await openSockets(tracks, options), options).run();
  } finally {
    await Promise.all(tracks.map(({ file }) => file.close()));
  }
}

async function openTrack(path: string, { delayMicroseconds, onWarning }: RawOptions): Promise<RawTrack> {
  const file = await openWavFile(path);
  try {
    for (const warning of file.head.warnings) onWarning(path, warning);
    return new RawTrack(file, delayMicroseconds);
  } catch (error) {
    await file.close();
    throw error instanceof RangeError ? new DistreamError('USAGE', { reason: error.message }) : error;
  }
}

async function openSockets(tracks: readonly RawTrack[], options: RawOptions): Promise<Pacer> {
  const address = await resolveHost(options.host);
  const multicast = MULTICAST.test(address) ? { ttl: 1, loopback: true } : undefined;
  const destinations = [{ address, port: options.port, multicast }];
  return openPacer({
    periods: [periodOfMicroseconds(options.delayMicroseconds)],
    aheadMs: AHEAD_MS,
    flows: tracks.map(({ cutter }) => ({
      destinations,
      grid: 0,
      packetBytes: cutter.datagramBytes,
      packetsPerSlot: cutter.datagramsPerSlot,
    })),
  });
}

/** The files while they are sent. */
class RawSession {
  readonly #tracks: readonly RawTrack[];
  readonly #pacer: Pacer;
  readonly #options: RawOptions;
  #startNs = 0n;

  constructor(tracks: readonly RawTrack[], pacer: Pacer, options: RawOptions) {
    this.#tracks = tracks;
    this.#pacer = pacer;
    this.#options = options;
  }

  async run(): Promise<RawReport> {
    const { clock, signal, realtime, onRealtime, onProgress } = this.#options;
    const stop = () => void this.#pacer.stop();
    signal.addEventListener('abort', stop);
    const progress = clock.every(PROGRESS_EVERY_MS, () => this.#startNs > 0n && onProgress(this.#files()));
    try {
      if (realtime) onRealtime(await askForRealtime(this.#pacer.threadId));
      let isFilled = await this.#fill();
      this.#startNs = monotonicNs() + START_AFTER_NS;
      if (signal.aborted) stop();
      else this.#pacer.start(this.#startNs);
      while (!isFilled && !signal.aborted) {
        await sleep(clock, FILL_EVERY_MS, signal);
        isFilled = await this.#fill();
      }
      await this.#pacer.ended;
      return { files: this.#files(), lateness: this.#pacer.statistics().lateness };
    } finally {
      progress.cancel();
      signal.removeEventListener('abort', stop);
      await this.#pacer.stop();
    }
  }

  async #fill(): Promise<boolean> {
    const filled = await Promise.all(this.#tracks.map((track, index) => track.fill(this.#pacer.rings[index]!)));
    return filled.every((isOver) => isOver);
  }

  #files(): RawFileReport[] {
    const { flows } = this.#pacer.statistics();
    const elapsedMs = Number(monotonicNs() - this.#startNs) / 1e6;
    return this.#tracks.map(({ file, bytesPerSecond }, index) => {
      const { sent, bytes, lost, refused } = flows[index]!;
      const sentSeconds = bytes / bytesPerSecond;
      return {
        path: file.path,
        sourcePort: this.#pacer.localPorts[index]![0]!,
        sentSeconds,
        isDone: bytes === file.head.dataBytes,
        aheadMs: sentSeconds * 1000 - elapsedMs,
        datagrams: sent,
        bytes,
        lost,
        refused,
      };
    });
  }
}
