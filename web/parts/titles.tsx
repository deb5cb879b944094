import { clockTime } from '../format.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';
import { Foreign } from './foreign.tsx';

/** The last titles, newest first. */
export function Titles({ stream }: { stream: StreamStatus }) {
  return (
    <section class="panel" aria-labelledby="titles">
      <h2 id="titles">{texts.stream.titles}</h2>
      {stream.titles.length === 0 && <p class="quiet">{texts.stream.titlesNone}</p>}
      <ol class="titles">
        {stream.titles.map(({ at, title }) => (
          <li key={at + title}>
            <time dateTime={at} class="quiet number">
              {clockTime(at)}
            </time>{' '}
            {title ? <Foreign text={title} /> : texts.wall.noTitle}
          </li>
        ))}
      </ol>
    </section>
  );
}
