/**
 * Sound through Media Source Extensions: the page itself fetches the stream, so it goes on over a new connection at
 * the very next byte while the browser plays what is stored.
 * @module
 */
import { type Intake, plainIntake } from './intake.ts';
import { LiveFetch } from './live-fetch.ts';
import { OggIntake, webmType } from './ogg/ogg-intake.ts';
import type { Sound, SoundEvents } from './sound.ts';
import { Splice } from './splice.ts';

/** Played sound that is kept in the browser. */
const KEEP_BEHIND_S = 20;
const TRIM_AT_S = 60;
/** With less than this stored, a break is better than silence. */
const URGENT_S = 1.2;
/** Bytes that may wait for the decoder. */
const MAX_WAITING = 8 * 1024 * 1024;

interface MediaSourceKind {
  new (): MediaSource;
  isTypeSupported(type: string): boolean;
}

function mediaSource(): MediaSourceKind | undefined {
  const scope = window as unknown as { ManagedMediaSource?: MediaSourceKind; MediaSource?: MediaSourceKind };
  return scope.ManagedMediaSource ?? scope.MediaSource;
}

/** How the browser takes a stream in parts; undefined when it does not. */
export function intakeOf(contentType: string | undefined, codec: string | undefined): Intake | undefined {
  const isOgg = contentType === 'application/ogg' || contentType === 'audio/ogg';
  if (isOgg && (codec === 'opus' || codec === 'vorbis')) {
    return mediaSource()?.isTypeSupported(webmType(codec)) ? new OggIntake(codec) : undefined;
  }
  const type = contentType === 'audio/aacp' ? 'audio/aac' : contentType === 'audio/mp3' ? 'audio/mpeg' : contentType;
  if (type !== 'audio/mpeg' && type !== 'audio/aac') return undefined;
  return mediaSource()?.isTypeSupported(type) ? plainIntake(type) : undefined;
}

/** Plays one mount through an audio element until `stop`. */
export class MseSound implements Sound {
  readonly #audio: HTMLAudioElement;
  readonly #events: SoundEvents;
  readonly #media: MediaSource;
  readonly #objectUrl: string;
  readonly #intake: Intake;
  readonly #splice = new Splice();
  #buffer: SourceBuffer | undefined;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  #fetch: LiveFetch | undefined;
  #isReset = false;

  constructor(audio: HTMLAudioElement, url: string, intake: Intake, events: SoundEvents) {
    this.#audio = audio;
    this.#intake = intake;
    this.#events = events;
    this.#media = new (mediaSource()!)();
    this.#objectUrl = URL.createObjectURL(this.#media);
    audio.disableRemotePlayback = true; // what ManagedMediaSource asks for
    this.#media.addEventListener('sourceopen', () => this.#open(), { once: true });
    audio.src = this.#objectUrl;
    this.#fetch = new LiveFetch({
      url: () => {
        const { next } = this.#splice;
        return next ? `${url}${url.includes('?') ? '&' : '?'}from=${encodeURIComponent(next)}` : url;
      },
      begin: (position) => {
        intake.begin();
        this.#splice.begin(intake.hasPositions ? position : undefined);
        if (this.#splice.join !== 'first') this.#report();
        events.connected();
      },
      data: (bytes) => this.#take(bytes),
      lost: (status) => events.lost(status),
    });
  }

  get storedSeconds(): number {
    const { buffered, currentTime } = this.#audio;
    return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  toLive(): void {
    const { buffered } = this.#audio;
    if (buffered.length > 0) this.#audio.currentTime = Math.max(0, buffered.end(buffered.length - 1) - 1.5);
  }

  stop(): void {
    this.#fetch?.stop();
    this.#fetch = undefined;
    this.#waiting = [];
    this.#buffer = undefined;
    URL.revokeObjectURL(this.#objectUrl);
  }

  #open(): void {
    if (!this.#fetch) return;
    const buffer = this.#media.addSourceBuffer(this.#intake.type);
    if (!this.#intake.isTimed) buffer.mode = 'sequence';
    buffer.addEventListener('updateend', () => this.#feed());
    this.#buffer = buffer;
    this.#feed();
  }

  #take(bytes: Uint8Array<ArrayBuffer>): void {
    const before = this.#splice.join;
    const data = this.#intake.open(bytes);
    if (data.length === 0) return;
    const fresh = this.#splice.push(data, this.storedSeconds < URGENT_S);
    if (this.#splice.join !== before) {
      // After a break the decoder must not join the halves of two frames.
      this.#isReset = this.#splice.join === 'broken' && !this.#intake.isTimed;
      this.#report();
    }
    for (const part of fresh) {
      if (this.#waitingBytes > MAX_WAITING) continue;
      if (!this.#store(part)) return;
    }
    this.#feed();
  }

  /** False when the sound has ended with it. */
  #store(part: Uint8Array<ArrayBuffer>): boolean {
    try {
      const ready = this.#intake.close(part);
      if (ready.length > 0) this.#waiting.push(ready);
      this.#waitingBytes += ready.length;
      return true;
    } catch {
      this.#events.failed();
      return false;
    }
  }

  #report(): void {
    this.#events.joined(this.#splice.exactCount, this.#splice.brokenCount);
  }

  #feed(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#media.readyState !== 'open') return;
    if (this.#trim(buffer)) return;
    const next = this.#waiting[0];
    if (!next) return;
    if (this.#isReset && this.#waiting.length === 1) {
      buffer.abort();
      this.#isReset = false;
    }
    try {
      buffer.appendBuffer(next);
      this.#waiting.shift();
      this.#waitingBytes -= next.length;
    } catch (error) {
      // The browser's own store is full: what was played makes room.
      if ((error as DOMException).name !== 'QuotaExceededError') this.#events.failed();
      else if (this.#audio.currentTime > 2) buffer.remove(0, this.#audio.currentTime - 1);
    }
    this.#skipHole();
  }

  #trim(buffer: SourceBuffer): boolean {
    const { buffered } = buffer;
    const { currentTime } = this.#audio;
    if (buffered.length === 0 || currentTime - buffered.start(0) < TRIM_AT_S) return false;
    buffer.remove(0, currentTime - KEEP_BEHIND_S);
    return true;
  }

  /** A decoder that lost its place may leave a hole in time: play on behind it. */
  #skipHole(): void {
    const { buffered, currentTime } = this.#audio;
    for (let index = 0; index < buffered.length; index++) {
      const start = buffered.start(index);
      if (start > currentTime && start - currentTime < 1 && this.storedSeconds > 0.5) {
        const isInside = index > 0 && buffered.end(index - 1) > currentTime + 0.05;
        if (!isInside) this.#audio.currentTime = start + 0.01;
        return;
      }
    }
  }
}
