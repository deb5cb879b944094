import { duration } from '../format.ts';
import { texts } from '../texts.ts';

/** How well it goes, from states of streams, inputs, outputs and links alike. */
export type Mood = 'good' | 'warn' | 'bad' | 'idle';

const MOODS: Record<string, Mood> = {
  live: 'good',
  ready: 'good',
  recording: 'good',
  sending: 'good',
  up: 'good',
  alive: 'good',
  reserve: 'warn',
  fallback: 'warn',
  filling: 'warn',
  connecting: 'warn',
  attaching: 'warn',
  retrying: 'bad',
  suspect: 'warn',
  silent: 'bad',
  failed: 'bad',
  down: 'bad',
  waiting: 'idle',
  standby: 'idle',
  ended: 'idle',
};

export const moodOf = (state: string): Mood => MOODS[state] ?? 'idle';

/** Each mood has a shape of its own, so that nobody needs to tell the colours apart. */
export function MoodIcon({ mood }: { mood: Mood }) {
  return (
    <svg class={`mood mood-${mood}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {mood === 'good' && <circle cx="8" cy="8" r="6" />}
      {mood === 'warn' && <path d="M8 1.6 15.2 14.4H.8Z" />}
      {mood === 'bad' && (
        <path d="M1.5 4.2 4.2 1.5 8 5.3l3.8-3.8 2.7 2.7L10.7 8l3.8 3.8-2.7 2.7L8 10.7l-3.8 3.8-2.7-2.7L5.3 8Z" />
      )}
      {mood === 'idle' && <circle cx="8" cy="8" r="5" class="hollow" />}
    </svg>
  );
}

/** The state of a stream in a word, a shape and a colour, and for how long. */
export function StreamState({ state, since, nowMs }: { state: string; since?: string; nowMs?: number }) {
  const mood = moodOf(state);
  const words = texts.states[state];
  return (
    <p class={`state state-${mood}`} title={words?.about}>
      <MoodIcon mood={mood} />
      <span role="status">{words?.word ?? state}</span>
      {since !== undefined && nowMs !== undefined && (
        <span class="state-since number">{texts.wall.forTime(duration((nowMs - Date.parse(since)) / 1000))}</span>
      )}
    </p>
  );
}
