import { streams } from '../feed.ts';
import { Foreign } from '../parts/foreign.tsx';
import { MoodIcon, moodOf } from '../parts/state.tsx';
import { streamUrl } from '../routing.ts';
import { texts } from '../texts.ts';

/** Tracks and takes: what this node tells of them, and how to see the rest. */
export default function Tracks() {
  const recorders = streams.value.flatMap((stream) =>
    stream.outputs.filter(({ type }) => type === 'recorder').map((output) => ({ stream, output })),
  );
  return (
    <>
      <h1>{texts.tracks.title}</h1>
      <p>{texts.tracks.about}</p>
      <div class="columns">
        <section class="panel" aria-labelledby="tracks-how">
          <h2 id="tracks-how">{texts.tracks.missing}</h2>
          <p>{texts.tracks.how}</p>
          <pre class="code" tabIndex={0}>
            {`${texts.tracks.send}\n${texts.tracks.record}\n${texts.tracks.verify}`}
          </pre>
        </section>
        <section class="panel" aria-labelledby="recorders">
          <h2 id="recorders">{texts.tracks.recorders}</h2>
          {recorders.length === 0 && <p class="quiet">{texts.tracks.noRecorders}</p>}
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
      </div>
    </>
  );
}
