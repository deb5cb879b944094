import { useEffect, useState } from 'preact/hooks';
import type { TakeSummary, TakeTrackView, TakeView } from '../../src/tracks/takes/schema.ts';
import { ApiError, getJson } from '../api.ts';
import { me } from '../feed.ts';
import { bytes, clockTime } from '../format.ts';
import { Foreign } from '../parts/foreign.tsx';
import { type Mood, MoodIcon } from '../parts/state.tsx';
import { href } from '../routing.ts';
import { texts } from '../texts.ts';
import { LossLegend, LossStrip, mapSeconds } from './loss-strip.tsx';
import { timecode } from './session-panel.tsx';

const REFRESH_MS = 10_000;
/** A verdict that says that nothing is wrong. */
const GOOD = new Set(['identical', 'excerpt']);
const OPEN = new Set(['unproven', 'part']);

const moodOf = (kind: string): Mood => (GOOD.has(kind) ? 'good' : OPEN.has(kind) ? 'idle' : 'bad');
const takePath = (name: string, file?: string) =>
  `api/v1/takes/${encodeURIComponent(name)}${file === undefined ? '' : `/${encodeURIComponent(file)}`}`;

function Hash({ title, value }: { title: string; value: string | undefined }) {
  if (value === undefined) return null;
  return (
    <p class="hash">
      <span class="quiet">{title}</span> <code>{value}</code>
    </p>
  );
}

function TakeTrack({ take, track, seconds }: { take: string; track: TakeTrackView; seconds: number }) {
  const { name, file, verdict, missing, sampleRate, encoding, channels } = track;
  const mood = moodOf(verdict.kind);
  return (
    <li class="take-track" data-verdict={verdict.kind}>
      <div class="take-track-head">
        <h4>
          <Foreign text={name} longest={100} />
        </h4>
        <p class={`state state-${mood}`}>
          <MoodIcon mood={mood} />
          <span>{texts.tracks.verdicts[verdict.kind] ?? verdict.kind}</span>
        </p>
        <p class="quiet number">
          {encoding}/{sampleRate}/{channels}, {timecode(track.frames / Math.max(1, sampleRate))}
        </p>
        {file !== undefined && (
          <a class="button" href={href(takePath(take, file))} download>
            {texts.tracks.download(bytes(track.bytes ?? 0))}
            <span class="hidden-words"> {file.slice(0, 100)}</span>
          </a>
        )}
      </div>
      <p class="quiet">
        <Foreign text={verdict.words} longest={400} />
      </p>
      <ul class="loss-list">
        <LossStrip name={name} map={track.map} seconds={seconds} />
      </ul>
      {missing.gaps > 0 && (
        <details>
          <summary>{texts.tracks.gaps(missing.gaps, missing.frames)}</summary>
          <ul class="gap-list number">
            {missing.first.map(([start, frames, cause]) => (
              <li key={start}>
                {texts.tracks.gap(timecode(start / sampleRate), frames, texts.tracks.causes[cause] ?? cause)}
              </li>
            ))}
          </ul>
        </details>
      )}
      <Hash title={texts.tracks.hashSent} value={track.sent} />
      <Hash title={texts.tracks.hashRecorded} value={track.recorded} />
    </li>
  );
}

function TakeDetails({ name, version }: { name: string; version: string }) {
  const [take, setTake] = useState<TakeView | undefined>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let isWanted = true;
    getJson<TakeView>(takePath(name)).then(
      (found) => {
        if (!isWanted) return;
        setTake(found);
        setProblem('');
      },
      (error: unknown) => isWanted && setProblem(error instanceof ApiError ? error.message : texts.tracks.unreadable),
    );
    return () => {
      isWanted = false;
    };
  }, [name, version]);
  if (problem) return <p class="state-bad">{problem}</p>;
  if (!take) return <p class="quiet">{texts.loading}</p>;
  const seconds = Math.max(0, ...take.details.map(({ map }) => mapSeconds(map)));
  return (
    <>
      <p class="take-links">
        <a href={href(takePath(name, 'take.html'))} target="_blank" rel="noopener">
          {texts.tracks.report}
        </a>{' '}
        <a href={href(takePath(name, 'take.json'))} download>
          take.json
        </a>
      </p>
      <LossLegend />
      <ul class="plain-list">
        {take.details.map((track, index) => (
          <TakeTrack key={index} take={name} track={track} seconds={seconds} />
        ))}
      </ul>
      {take.repairs.map(({ utc, words }) => (
        <p key={utc} class="quiet">
          {texts.tracks.repaired(clockTime(utc))} <Foreign text={words} longest={300} />
        </p>
      ))}
    </>
  );
}

function Take({ take, isFirst }: { take: TakeSummary; isFirst: boolean }) {
  const [isOpen, setOpen] = useState(isFirst);
  const { name, startUtc, endUtc, seconds, tracks, isIdentical, words } = take;
  const mood: Mood = isIdentical ? 'good' : endUtc === undefined ? 'warn' : 'idle';
  return (
    <li class="take" data-take={name} data-identical={isIdentical}>
      <h3>
        <button type="button" class="link take-open" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <MoodIcon mood={mood} /> <Foreign text={name} longest={100} />
        </button>
      </h3>
      <p>
        <span class="quiet number">
          {startUtc && `${new Date(startUtc).toLocaleDateString()} ${clockTime(startUtc)}, `}
          {timecode(seconds)}, {texts.tracks.trackCount(tracks)}.
        </span>{' '}
        <Foreign text={endUtc === undefined && tracks > 0 ? texts.tracks.stillRecorded : words} longest={500} />
      </p>
      {isOpen && tracks > 0 && <TakeDetails name={name} version={`${endUtc} ${words}`} />}
    </li>
  );
}

/** Finished takes with their proof and files. @param version changes when there may be something new */
export function TakesPanel({ version }: { version: string }) {
  const [takes, setTakes] = useState<readonly TakeSummary[] | undefined>();
  const [isKept, setKept] = useState(false);
  const [isRefused, setRefused] = useState(false);
  const { role } = me.value;
  useEffect(() => {
    let isWanted = true;
    const ask = async () => {
      try {
        const answer = await getJson<{ isKept: boolean; takes: TakeSummary[] }>('api/v1/takes');
        if (!isWanted) return;
        setKept(answer.isKept);
        setTakes(answer.takes);
        setRefused(false);
      } catch (error) {
        if (isWanted && error instanceof ApiError && error.status === 401) setRefused(true);
      }
    };
    void ask();
    const timer = setInterval(() => document.visibilityState === 'visible' && void ask(), REFRESH_MS);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [version, role]);
  if (isRefused && !isKept) return <p class="quiet">{texts.tracks.takesRefused}</p>;
  if (!isKept || !takes) return null;
  return (
    <section class="panel" aria-labelledby="takes">
      <h2 id="takes">{texts.tracks.takes}</h2>
      {takes.length === 0 && <p class="quiet">{texts.tracks.noTakes}</p>}
      <ul class="plain-list take-list">
        {takes.map((take, index) => (
          <Take key={take.name} take={take} isFirst={index === 0} />
        ))}
      </ul>
    </section>
  );
}
