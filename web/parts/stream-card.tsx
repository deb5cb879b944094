import { useId } from 'preact/hooks';
import { nowMs } from '../feed.ts';
import { streamUrl } from '../routing.ts';
import { listenersOf } from '../stream-history.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';
import { Foreign } from './foreign.tsx';
import { ReserveGauge } from './gauge.tsx';
import { PlayButton } from './play-button.tsx';
import { moodOf, StreamState } from './state.tsx';
import { Strip } from './strip.tsx';
import { formatWords, mountsOf } from './words.ts';

/** One stream on the wall. */
export function StreamCard({ stream }: { stream: StreamStatus }) {
  const id = useId();
  const mount = mountsOf(stream)[0];
  const title = stream.metadata?.title;
  return (
    <article class={`card card-${moodOf(stream.state)}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>
          <a href={streamUrl(stream.name)} data-page>
            <Foreign text={stream.name} longest={100} />
          </a>
        </h2>
        <StreamState state={stream.state} since={stream.since} nowMs={nowMs.value} />
      </div>
      <p class={title ? 'title' : 'title quiet'}>{title ? <Foreign text={title} /> : texts.wall.noTitle}</p>
      <div class="card-play">
        {mount && <PlayButton name={stream.name} mount={mount} contentType={stream.format?.contentType} />}
        <p class="card-count">
          <strong class="number">{texts.wall.listeners(listenersOf(stream))}</strong>
          <span class="quiet">{formatWords(stream)}</span>
        </p>
      </div>
      <ReserveGauge stream={stream} />
      <Strip name={stream.name} target={stream.buffer.reserveTargetSeconds} />
    </article>
  );
}
