import { signal } from '@preact/signals';
import type { TrackSession } from '../../src/tracks/view/schema.ts';
import { ChannelMeter } from './channel-meter.ts';
import { drawMeter, readColours } from './draw-meter.ts';

const FIELDS = 3;
/** Figures beside the meters change so often: more cannot be read. */
const FIGURES_EVERY_MS = 400;
/** And the meters themselves for readers who asked for less motion. */
const CALM_EVERY_MS = 500;

/** The meters of all tracks, and the one loop that draws those that are on the page. */
export class MeterBoard {
  /** Counts up when figures shall be read anew. */
  readonly beat = signal(0);
  readonly #tracks = new Map<string, ChannelMeter[]>();
  readonly #canvases = new Map<HTMLCanvasElement, string>();
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)');
  #isNew = false;
  #isLooping = false;
  #beatMs = 0;
  #drawnMs = 0;

  /** The channels of a track; the same object from one call to the next. */
  channels(session: string, track: string, count: number): readonly ChannelMeter[] {
    const key = `${session} ${track}`;
    let channels = this.#tracks.get(key);
    if (channels?.length !== count) {
      channels = Array.from({ length: count }, () => new ChannelMeter());
      this.#tracks.set(key, channels);
    }
    return channels;
  }

  /** Takes an event `meters`. */
  take(levels: Readonly<Record<string, readonly number[]>>, sessions: Readonly<Record<string, TrackSession>>): void {
    const nowMs = performance.now();
    for (const [id, numbers] of Object.entries(levels)) {
      let at = 0;
      for (const [number, track] of Object.entries(sessions[id]?.tracks ?? {})) {
        for (const channel of this.channels(id, number, track.channels)) {
          if (at + FIELDS > numbers.length) break;
          channel.take(numbers[at]! / 10, numbers[at + 1]! / 10, numbers[at + 2] === 1, nowMs);
          at += FIELDS;
        }
      }
    }
    this.#isNew = true;
    if (nowMs - this.#beatMs < FIGURES_EVERY_MS) return;
    this.#beatMs = nowMs;
    this.beat.value++;
  }

  /** Nothing comes any more. */
  rest(): void {
    for (const channels of this.#tracks.values()) for (const channel of channels) channel.rest();
    this.#isNew = true;
    this.beat.value++;
  }

  /** Draws a track on a canvas from now on, until the answer is called. */
  show(canvas: HTMLCanvasElement, session: string, track: string): () => void {
    this.#canvases.set(canvas, `${session} ${track}`);
    this.#isNew = true;
    if (!this.#isLooping) {
      this.#isLooping = true;
      requestAnimationFrame((nowMs) => this.#draw(nowMs));
    }
    return () => void this.#canvases.delete(canvas);
  }

  #draw(nowMs: number): void {
    if (this.#canvases.size === 0) {
      this.#isLooping = false;
      return;
    }
    requestAnimationFrame((next) => this.#draw(next));
    if (!this.#isNew || (this.#calm.matches && nowMs - this.#drawnMs < CALM_EVERY_MS)) return;
    this.#isNew = false;
    this.#drawnMs = nowMs;
    const colours = readColours();
    for (const [canvas, key] of this.#canvases) drawMeter(canvas, this.#tracks.get(key) ?? [], colours);
  }
}
