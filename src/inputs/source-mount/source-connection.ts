import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { trackMetadata } from '../../core/track-metadata.ts';
import type { SessionWriter } from '../../modules/session.ts';
import { ChunkedDecoder } from '../../protocols/http/chunked.ts';
import { IcyDeinterleaver } from '../../protocols/icy/deinterleaver.ts';
import { decodeMetadataBlock } from '../../protocols/icy/metadata-block.ts';
import { ReadGrid } from './read-grid.ts';
import { readWaiting } from './read-waiting.ts';
import { stopReading } from './stop-reading.ts';

/** A read that brings as much is followed by the next at once: the source has more waiting. */
const HEAP_BYTES = 16 * 1024;
const MAX_READ_PAUSE_MS = 500;

/** How a source frames its body. */
export interface BodyFraming {
  readonly chunked: boolean;
  /** Audio bytes between inline metadata blocks; 0 for none. */
  readonly metaint: number;
}

/** Options of a source connection. */
export interface SourceConnectionOptions {
  readonly socket: Socket;
  readonly framing: BodyFraming;
  readonly session: SessionWriter;
  readonly clock: Clock;
  /** A source that sends nothing for so long is dropped. */
  readonly timeoutMs: number;
  /** Length of the stream's fragments; reading more often gains little and costs CPU time. */
  readonly fragmentMs: number;
  /** Told when its bytes could not be worked through for a fault of the program: one source ends, not the node. */
  readonly onFault: (error: unknown) => void;
  /** Told once, after the session ended. */
  readonly onEnd: (reason: string) => void;
}

/** One encoder that sends: takes the framing off its body and feeds a session. Owns the socket and the session. */
export class SourceConnection {
  readonly #options: SourceConnectionOptions;
  readonly #take: (data: Buffer) => void;
  #watch: Timer;
  readonly #grid: ReadGrid;
  readonly #atGrid = () => this.#readWaiting();
  #goOn: (() => void) | undefined;
  #lookUntilMs = 0;
  #lastByteMs: number;
  #ended = false;
  bytesRead = 0;

  constructor(options: SourceConnectionOptions) {
    this.#options = options;
    this.#take = bodyReader(options.framing, options.session, () => this.end('the source ended the stream'));
    this.#lastByteMs = options.clock.nowMs();
    this.#grid = ReadGrid.of(options.clock, Math.min(MAX_READ_PAUSE_MS, options.fragmentMs));
    this.#watch = options.clock.after(options.timeoutMs, () => this.#checkTimeout());
  }

  /** Begins to read; `rest` came with the head. */
  start(rest: Buffer): void {
    const { socket } = this.#options;
    socket.on('data', (data: Buffer) => this.#data(data));
    socket.on('end', () => this.end('the source closed the connection'));
    socket.on('error', (error) => this.end(reasonOf(error)));
    socket.on('close', () => this.end('the connection was lost'));
    socket.resume();
    if (rest.length > 0) this.#data(rest);
  }

  /** For so long reads all that comes at once, an end of the connection included. */
  lookFor(durationMs: number): void {
    this.#lookUntilMs = this.#options.clock.nowMs() + durationMs;
    this.#readOn();
  }

  /** Time since the last byte. */
  get silentMs(): number {
    return this.#options.clock.nowMs() - this.#lastByteMs;
  }

  /** Ends the session and closes the socket. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch.cancel();
    this.#grid.delete(this.#atGrid);
    this.#options.session.end();
    this.#options.socket.destroy();
    this.#options.onEnd(reason);
  }

  #data(data: Buffer): void {
    if (this.#ended) return;
    this.#lastByteMs = this.#options.clock.nowMs();
    this.bytesRead += data.length;
    this.#restUntilMore(data.length);
    try {
      this.#take(data);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) this.#options.onFault(error);
      this.end(error instanceof ProtocolViolation ? error.message : 'internal error');
    }
  }

  /**
   * Encoders write every frame; with hundreds of sources the single reads and the waking up for each are what costs.
   * So all sources are read together, at the same few instants of a second.
   */
  #restUntilMore(bytes: number): void {
    if (bytes >= HEAP_BYTES || this.#lastByteMs < this.#lookUntilMs) return this.#readOn();
    this.#goOn ??= stopReading(this.#options.socket);
    if (this.#goOn) this.#grid.add(this.#atGrid);
  }

  /** At an instant of the grid: takes what has come, or waits for the next byte where none has. */
  #readWaiting(): void {
    const data = readWaiting(this.#options.socket);
    if (data) this.#data(data);
    else this.#readOn();
  }

  /** Reads all that comes, as it comes. */
  #readOn(): void {
    this.#grid.delete(this.#atGrid);
    this.#goOn?.();
    this.#goOn = undefined;
  }

  #checkTimeout(): void {
    const { timeoutMs, clock } = this.#options;
    const leftMs = timeoutMs - this.silentMs;
    if (leftMs > 0) this.#watch = clock.after(leftMs, () => this.#checkTimeout());
    else this.end(`the source sent nothing for ${Math.round(timeoutMs / 1000)} s`);
  }
}

function bodyReader(framing: BodyFraming, session: SessionWriter, onEnd: () => void): (data: Buffer) => void {
  const icy =
    framing.metaint > 0
      ? new IcyDeinterleaver(framing.metaint, {
          audio: (data) => session.write(data),
          metadata: (text) => {
            const { title, url } = decodeMetadataBlock(text);
            if (title !== undefined) session.setMetadata(trackMetadata({ song: title, url }));
          },
        })
      : undefined;
  const audio = (data: Buffer) => (icy ? icy.push(data) : session.write(data));
  if (!framing.chunked) return audio;
  const chunked = new ChunkedDecoder(audio);
  return (data) => {
    if (chunked.push(data)) onEnd();
  };
}
