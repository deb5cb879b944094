import { useEffect, useRef, useState } from 'preact/hooks';
import { findStream, status } from '../feed.ts';
import { seconds } from '../format.ts';
import { CopyField } from '../parts/copy-field.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { phaseWords } from '../parts/play-button.tsx';
import { Connection } from '../parts/shell.tsx';
import { StreamState } from '../parts/state.tsx';
import { mountsOf } from '../parts/words.ts';
import {
  exactReconnects,
  phase,
  play,
  playing,
  setVolume,
  stop,
  storedSeconds,
  toLive,
  volume,
} from '../player/player.ts';
import { href, listenUrl, mountUrl } from '../routing.ts';
import { texts } from '../texts.ts';

const isFramed = window.parent !== window;
/** Further behind than this, the way to the newest sound is offered. */
const FAR_S = 15;

function Volume() {
  return (
    <label class="volume">
      <span>{texts.player.volume}</span>
      <input
        type="range"
        min="0"
        max="100"
        value={Math.round(volume.value * 100)}
        onInput={(event) => setVolume(Number(event.currentTarget.value) / 100)}
      />
    </label>
  );
}

function Facts({ reserveSeconds }: { reserveSeconds: number }) {
  if (!playing.value) return null;
  const stored = storedSeconds.value;
  return (
    <p class="quiet number listen-facts">
      <span>{texts.player.behind(seconds(reserveSeconds + stored))}</span>
      <span>{texts.player.stored(seconds(stored))}</span>
      {exactReconnects.value > 0 && <span>{texts.player.exact(exactReconnects.value)}</span>}
      {stored > FAR_S && (
        <button type="button" onClick={toLive}>
          {texts.player.toLive}
        </button>
      )}
    </p>
  );
}

function Embed({ name }: { name: string }) {
  const code = `<script src="${href('listen/widget.js')}" data-stream="${name.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`)}"></script>`;
  return (
    <details>
      <summary>{texts.player.embed}</summary>
      <p>{texts.player.embedHelp}</p>
      <CopyField value={code} label={texts.player.embedHelp} />
    </details>
  );
}

/** The player of one stream: a page of its own, and in frames of other sites. */
export default function Listen({ name }: { name: string }) {
  const stream = findStream(name);
  const mount = stream && mountsOf(stream)[0];
  const contentType = stream?.format?.contentType;
  const button = useRef<HTMLButtonElement>(null);
  const [wanted, setWanted] = useState(false);
  // Pressed before the stream was known, or before there was sound: it begins as soon as it can.
  useEffect(() => {
    if (wanted && mount && contentType && !playing.value) play(name, mount, contentType);
  }, [wanted, mount, contentType, name]);
  useEffect(() => stop, []);
  const isOn = wanted || playing.value !== undefined;
  const press = () => {
    if (isOn) {
      setWanted(false);
      stop();
      return;
    }
    setWanted(true);
    if (mount && contentType) play(name, mount, contentType);
  };
  const title = stream?.metadata?.title;
  return (
    <>
      <Connection />
      <main id="content" class={`listen${isFramed ? ' listen-framed' : ''}`} tabIndex={-1}>
        <section class="panel listen-panel" aria-label={texts.player.region(name.slice(0, 100))}>
          <h1>
            <Foreign text={name} longest={100} />
          </h1>
          {status.value && !stream && <p>{texts.notFound.stream(name.slice(0, 100))}</p>}
          {stream && <StreamState state={stream.state} />}
          <p class={title ? 'listen-title' : 'listen-title quiet'} aria-live="polite">
            {title ? <Foreign text={title} /> : texts.wall.noTitle}
          </p>
          <div class="listen-controls">
            <button
              ref={button}
              type="button"
              class="play play-big"
              data-playing={isOn}
              disabled={stream !== undefined && !mount}
              onClick={press}
            >
              <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
                {isOn ? <path d="M3 3h10v10H3z" /> : <path d="M4 2.2v11.6L14 8z" />}
              </svg>
              <span>{isOn ? texts.player.stop : texts.player.play}</span>
            </button>
            <Volume />
          </div>
          <p role="status" class="listen-phase">
            {stream && !mount
              ? texts.player.noMount
              : wanted && !playing.value && phase.value === 'idle'
                ? texts.player.notOnAir
                : phaseWords()}
          </p>
          <Facts reserveSeconds={stream?.buffer.reserveSeconds ?? 0} />
          {!isFramed && mount && (
            <>
              <p class="listen-links">
                {texts.player.open}: <a href={mountUrl(mount)}>{texts.player.direct}</a>{' '}
                <a href={`${mountUrl(mount)}.m3u`}>M3U</a> <a href={`${mountUrl(mount)}.pls`}>PLS</a>{' '}
                <a href={`${mountUrl(mount)}.xspf`}>XSPF</a>
              </p>
              <Embed name={name} />
            </>
          )}
        </section>
        <p class="listen-home">
          {isFramed ? (
            <a href={listenUrl(name)} target="_blank" rel="noopener">
              distream
            </a>
          ) : (
            <a href={href('')} data-page>
              {texts.player.wall}
            </a>
          )}
        </p>
      </main>
    </>
  );
}
