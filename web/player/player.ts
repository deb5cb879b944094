/**
 * The one player of the page. Sound begins only when somebody presses Play.
 * @module
 */
import { effect, signal } from '@preact/signals';
import { findStream } from '../feed.ts';
import { cleanText } from '../format.ts';
import { mountUrl } from '../routing.ts';
import { texts } from '../texts.ts';
import { ElementSound } from './element-sound.ts';
import { intakeOf, MseSound } from './mse-sound.ts';
import type { Sound } from './sound.ts';

/** What the player does: `resuming` plays what is stored while it connects again. */
export type Phase = 'idle' | 'connecting' | 'playing' | 'resuming' | 'waiting' | 'lost' | 'unsupported' | 'blocked';

/** What is played: a stream at one of its mounts. */
export interface Playing {
  readonly name: string;
  readonly mount: string;
}

const VOLUME_KEY = 'distream.volume';

export const phase = signal<Phase>('idle');
export const playing = signal<Playing | undefined>(undefined);
/** Sound that is in the browser and not yet played, in seconds. */
export const storedSeconds = signal(0);
export const exactReconnects = signal(0);
export const volume = signal(readVolume());

const audio = new Audio();
audio.preload = 'none';
audio.volume = volume.value;

let sound: Sound | undefined;
let isConnected = false;
let timer: number | undefined;

function readVolume(): number {
  try {
    const kept = Number.parseFloat(localStorage.getItem(VOLUME_KEY) ?? '1');
    return kept >= 0 && kept <= 1 ? kept : 1;
  } catch {
    return 1; // a browser that keeps nothing for pages in frames
  }
}

/** Sets the volume, 0 to 1, and keeps it. */
export function setVolume(value: number): void {
  volume.value = value;
  audio.volume = value;
  try {
    localStorage.setItem(VOLUME_KEY, String(value));
  } catch {
    // It holds until the page is left.
  }
}

function look(): void {
  storedSeconds.value = Math.round((sound?.storedSeconds ?? 0) * 10) / 10;
  if (!sound || phase.value === 'unsupported' || phase.value === 'blocked') return;
  const isHeard = !audio.paused && audio.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && storedSeconds.value > 0.05;
  if (isHeard) phase.value = isConnected ? 'playing' : 'resuming';
  else if (phase.value === 'playing' || phase.value === 'resuming') phase.value = isConnected ? 'waiting' : 'lost';
}

/** Plays a mount of a stream; call it from a press of a button, or the browser refuses the sound. */
export function play(name: string, mount: string, contentType: string | undefined): void {
  stop();
  playing.value = { name, mount };
  phase.value = 'connecting';
  const url = mountUrl(mount);
  const events = {
    connected: () => {
      isConnected = true;
    },
    lost: () => {
      isConnected = false;
      if (phase.value === 'connecting' || phase.value === 'waiting') phase.value = 'lost';
    },
    joined: (exact: number) => {
      exactReconnects.value = exact;
    },
    failed: () => {
      stop();
      phase.value = 'unsupported';
    },
  };
  const intake = intakeOf(contentType, findStream(name)?.format?.codec);
  sound = intake ? new MseSound(audio, url, intake, events) : new ElementSound(audio, url, events);
  audio.play().catch((error: DOMException) => {
    if (error.name === 'NotAllowedError') {
      stop();
      phase.value = 'blocked';
    }
  });
  timer = window.setInterval(look, 250);
  tellSystem();
}

/** Ends the sound; the next Play begins at the live edge. */
export function stop(): void {
  sound?.stop();
  sound = undefined;
  isConnected = false;
  clearInterval(timer);
  audio.pause();
  audio.removeAttribute('src');
  audio.load();
  playing.value = undefined;
  phase.value = 'idle';
  storedSeconds.value = 0;
  exactReconnects.value = 0;
}

/** Leaves out what lies between the listener and the newest sound. */
export function toLive(): void {
  sound?.toLive();
}

/** The element, for measuring what is heard. */
export function audioElement(): HTMLAudioElement {
  return audio;
}

audio.addEventListener('playing', look);
audio.addEventListener('waiting', look);

/** The lock screen and the keys of a keyboard. */
function tellSystem(): void {
  const session = navigator.mediaSession;
  if (!session) return;
  const now = playing.value;
  const on = (action: MediaSessionAction, handler: MediaSessionActionHandler) => {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // Not every browser knows every key.
    }
  };
  on('pause', stop);
  on('stop', stop);
  on('play', () => now && play(now.name, now.mount, findStream(now.name)?.format?.contentType));
}

effect(() => {
  const now = playing.value;
  const session = navigator.mediaSession;
  if (!session || typeof MediaMetadata === 'undefined') return;
  const stream = now && findStream(now.name);
  session.playbackState = now ? 'playing' : 'paused';
  if (!now) return;
  const title = cleanText(stream?.metadata?.title ?? '', 200) || cleanText(now.name, 100);
  const artist = cleanText(now.name, 100);
  if (session.metadata?.title !== title || session.metadata.artist !== artist) {
    session.metadata = new MediaMetadata({ title, artist, album: texts.brand });
  }
});
