import { findStream, nowMs, status } from '../feed.ts';
import { Charts } from '../parts/charts.tsx';
import { CopyField } from '../parts/copy-field.tsx';
import { EventLog } from '../parts/event-log.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { ReserveGauge } from '../parts/gauge.tsx';
import { Ledger } from '../parts/ledger.tsx';
import { Listeners } from '../parts/listeners.tsx';
import { PlayButton } from '../parts/play-button.tsx';
import { SoundPath } from '../parts/sound-path.tsx';
import { StreamState } from '../parts/state.tsx';
import { Strip, StripLegend } from '../parts/strip.tsx';
import { Titles } from '../parts/titles.tsx';
import { errorWords, formatWords, mountsOf } from '../parts/words.ts';
import { href, listenUrl, mountUrl } from '../routing.ts';
import { listenersOf } from '../stream-history.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';

function Head({ stream }: { stream: StreamStatus }) {
  const mount = mountsOf(stream)[0];
  const title = stream.metadata?.title;
  const error = errorWords(stream, nowMs.value);
  return (
    <section class="panel stream-head" aria-label={texts.wall.nowPlaying}>
      <div class="card-head">
        <p class={title ? 'title' : 'title quiet'}>{title ? <Foreign text={title} /> : texts.wall.noTitle}</p>
        <StreamState state={stream.state} since={stream.since} nowMs={nowMs.value} />
      </div>
      <div class="card-play">
        {mount && <PlayButton name={stream.name} mount={mount} contentType={stream.format?.contentType} />}
        <p class="card-count">
          <strong class="number">{texts.wall.listeners(listenersOf(stream))}</strong>
          <span class="quiet">{formatWords(stream)}</span>
        </p>
        {mount && <a href={listenUrl(stream.name)}>{texts.stream.listen}</a>}
      </div>
      <ReserveGauge stream={stream} />
      <Strip name={stream.name} target={stream.buffer.reserveTargetSeconds} />
      <StripLegend />
      {error && <p class="quiet">{error}</p>}
    </section>
  );
}

function Addresses({ stream }: { stream: StreamStatus }) {
  const mounts = mountsOf(stream);
  if (mounts.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="addresses">
      <h2 id="addresses">{texts.stream.addresses}</h2>
      <ul class="plain-list">
        {mounts.map((mount) => (
          <li key={mount} class="address">
            <CopyField
              value={mountUrl(mount)}
              label={texts.stream.addressOf(mount)}
              copyLabel={texts.stream.copyAddress(mount)}
            />
            {['m3u', 'pls', 'xspf'].map((kind) => (
              <a
                key={kind}
                href={`${mountUrl(mount)}.${kind}`}
                aria-label={texts.stream.playlist(kind.toUpperCase(), mount)}
              >
                {kind.toUpperCase()}
              </a>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** All about one stream. */
export default function StreamPage({ name }: { name: string }) {
  const stream = findStream(name);
  if (!stream) {
    return (
      <>
        <h1>{status.value ? texts.notFound.title : <Foreign text={name} longest={100} />}</h1>
        <p>{status.value ? texts.notFound.stream(name.slice(0, 100)) : texts.loading}</p>
        <p>
          <a href={href('')} data-page>
            {texts.notFound.back}
          </a>
        </p>
      </>
    );
  }
  return (
    <>
      <h1>
        <Foreign text={name} longest={100} />
      </h1>
      <div class="stack">
        <Head stream={stream} />
        <SoundPath stream={stream} />
        <Charts name={name} />
        <div class="columns">
          <Ledger stream={stream} />
          <Listeners stream={stream} />
          <Titles stream={stream} />
          <EventLog name={name} />
          <Addresses stream={stream} />
        </div>
      </div>
    </>
  );
}
