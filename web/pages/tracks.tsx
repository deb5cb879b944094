import { useEffect } from 'preact/hooks';
import { streams } from '../feed.ts';
import { Foreign } from '../parts/foreign.tsx';
import { MoodIcon, moodOf } from '../parts/state.tsx';
import { home, streamUrl } from '../routing.ts';
import { texts } from '../texts.ts';
import { SessionPanel } from '../tracks/session-panel.tsx';
import { TakesPanel } from '../tracks/takes-panel.tsx';
import { followTracks, sessions, tracksRefused } from '../tracks/tracks-feed.ts';

function Recorders() {
  const recorders = streams.value.flatMap((stream) =>
    stream.outputs.filter(({ type }) => type === 'recorder').map((output) => ({ stream, output })),
  );
  if (recorders.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="recorders">
      <h2 id="recorders">{texts.tracks.recorders}</h2>
      <ul class="plain-list">
        {recorders.map(({ stream, output }) => (
          <li key={`${stream.name} ${output.name}`}>
            <MoodIcon mood={moodOf(output.state)} />{' '}
            <a href={streamUrl(stream.name)} data-page>
              <Foreign text={stream.name} longest={100} />
            </a>
            : {output.state}
            {output.target && (
              <>
                , <Foreign text={output.target} longest={200} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function HowTo() {
  return (
    <section class="panel" aria-labelledby="tracks-how">
      <h2 id="tracks-how">{texts.tracks.missing}</h2>
      <p>{texts.tracks.how}</p>
      <pre class="code" tabIndex={0}>
        {`${texts.tracks.send}\n${texts.tracks.record}\n${texts.tracks.verify}`}
      </pre>
    </section>
  );
}

/** Tracks and takes: what is recorded, sent or heard now, with its levels and losses, and what became of takes. */
export default function Tracks() {
  useEffect(followTracks, []);
  const shown = sessions.value;
  const running = Object.entries(shown ?? {});
  const takesVersion = running.map(([id, { take, state }]) => `${id} ${take} ${state}`).join();
  const isOver = running.every(([, { state }]) => state === 'ended');
  const panels = running.map(([id, session]) => <SessionPanel key={id} id={id} session={session} />);
  return (
    <>
      <h1>{texts.tracks.title}</h1>
      <p>{texts.tracks.about}</p>
      {tracksRefused.value && <p class="quiet">{texts.tracks.refused}</p>}
      {!isOver && panels}
      <TakesPanel version={takesVersion} />
      {isOver && panels}
      <Recorders />
      {shown && running.length === 0 && home !== 'tracks' && <HowTo />}
    </>
  );
}
