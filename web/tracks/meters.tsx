import { useEffect, useRef } from 'preact/hooks';
import type { Track, TrackSession } from '../../src/tracks/view/schema.ts';
import { Foreign } from '../parts/foreign.tsx';
import { texts } from '../texts.ts';
import { METER_FLOOR_DB } from './channel-meter.ts';
import { board } from './tracks-feed.ts';

/** A level for people: `-12.3`, or `-∞` below what a meter shows. */
function decibels(value: number): string {
  return value <= -120 || !Number.isFinite(value) ? texts.tracks.silence : value.toFixed(1);
}

function Meter({ session, number, track }: { session: string; number: string; track: Track }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  void board.beat.value;
  const channels = board.channels(session, number, track.channels);
  useEffect(() => (canvas.current ? board.show(canvas.current, session, number) : undefined), [session, number]);
  const peak = Math.max(...channels.map((channel) => channel.peak));
  const rms = Math.max(...channels.map((channel) => channel.rms));
  const highest = Math.max(...channels.map((channel) => channel.highest));
  const isClipped = channels.some((channel) => channel.isClipped);
  const reset = () => {
    for (const channel of channels) channel.reset();
    board.beat.value++;
  };
  const shown = Math.max(METER_FLOOR_DB, Math.min(0, peak));
  return (
    <li class="meter-row">
      <span class="meter-name">
        <Foreign text={track.name} longest={100} />
        {track.problem && (
          <span class="state-bad">
            {' '}
            <Foreign text={track.problem} longest={200} />
          </span>
        )}
      </span>
      <span
        class="meter"
        data-channels={track.channels > 2 ? 'many' : track.channels}
        role="meter"
        aria-label={texts.tracks.levelOf(track.name.slice(0, 100))}
        aria-valuemin={METER_FLOOR_DB}
        aria-valuemax={0}
        aria-valuenow={Math.round(shown)}
        aria-valuetext={texts.tracks.levelValue(decibels(peak), decibels(rms))}
      >
        <canvas ref={canvas} />
      </span>
      <span class="meter-figures number">
        <span class="meter-rms quiet">{decibels(rms)}</span>
        <button
          type="button"
          class={isClipped ? 'meter-highest meter-clip' : 'meter-highest'}
          title={texts.tracks.resetPeak}
          aria-label={texts.tracks.highestOf(track.name.slice(0, 100), decibels(highest), isClipped)}
          onClick={reset}
        >
          {isClipped ? texts.tracks.clip : decibels(highest)}
        </button>
      </span>
    </li>
  );
}

/** The levels of all tracks of a session. */
export function Meters({ id, session }: { id: string; session: TrackSession }) {
  const tracks = Object.entries(session.tracks);
  if (tracks.length === 0) return <p class="quiet">{texts.tracks.noLevels}</p>;
  return (
    <>
      <p class="meter-head quiet" aria-hidden="true">
        <span>{texts.tracks.track}</span>
        <span class="meter-scale number">
          {[-60, -48, -36, -24, -12, 0].map((db) => (
            <span key={db}>{db}</span>
          ))}
        </span>
        <span class="meter-figures">
          <span>{texts.tracks.rms}</span>
          <span>{texts.tracks.highest}</span>
        </span>
      </p>
      <ul class="meter-list">
        {tracks.map(([number, track]) => (
          <Meter key={number} session={id} number={number} track={track} />
        ))}
      </ul>
    </>
  );
}
