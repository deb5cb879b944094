import { useRef } from 'preact/hooks';
import { nowMs, status } from '../feed.ts';
import { bitRate, bytes, cleanText, duration, percent, seconds } from '../format.ts';
import { texts } from '../texts.ts';
import type { InputStatus, LinkView, OutputStatus, StreamStatus } from '../types.ts';
import { Foreign } from './foreign.tsx';
import { MoodIcon, moodOf } from './state.tsx';

/** Bits per second of a counter that grows, over about 5 s. */
function useRate(total: number | undefined): number | undefined {
  const seen = useRef<{ t: number; total: number }[]>([]);
  const now = nowMs.value;
  if (total === undefined) return undefined;
  const list = seen.current;
  const last = list.at(-1);
  if (last && total < last.total) list.length = 0; // the module began anew
  if (!last || now - last.t >= 900) list.push({ t: now, total });
  while (list.length > 7) list.shift();
  const first = list[0]!;
  return now - first.t > 1500 ? ((total - first.total) * 8000) / (now - first.t) : undefined;
}

function Paths({ link }: { link: LinkView }) {
  return (
    <ul class="paths">
      {link.paths.map((path) => (
        <li key={path.id}>
          <MoodIcon mood={moodOf(path.state)} />
          <span class="number">
            {[
              texts.stream.path1(path.carrier),
              texts.pathStates[path.state],
              path.rttMs !== undefined && texts.stream.roundTrip(path.rttMs.toFixed(path.rttMs < 10 ? 1 : 0)),
              texts.stream.loss(percent(path.lossRatio)),
              path.deliveryBytesPerSecond > 0 && texts.stream.delivers(bitRate(path.deliveryBytesPerSecond * 8)),
              path.remote,
            ]
              .filter(Boolean)
              .join(', ')}
          </span>
        </li>
      ))}
    </ul>
  );
}

function LinkPart({ link, stream }: { link: LinkView; stream: string }) {
  const send = link.sends.find(({ name }) => name === stream);
  return (
    <div class="link-part">
      <p>
        <MoodIcon mood={moodOf(link.state)} /> <strong>{texts.stream.link(cleanText(link.peer, 80))}</strong>{' '}
        <span class="quiet">
          {texts.links[link.state] ?? link.state}
          {send && send.lagSeconds > 0.5 ? `, ${texts.stream.lag(seconds(send.lagSeconds))}` : ''}
        </span>
      </p>
      <Paths link={link} />
    </div>
  );
}

function Input({ input }: { input: InputStatus }) {
  const rate = useRate(input.bytes);
  const since = duration((nowMs.value - Date.parse(input.since)) / 1000);
  return (
    <li class={`part${input.active ? ' part-active' : ''}`}>
      <p class="part-head">
        <MoodIcon mood={moodOf(input.state)} /> <strong>{input.type}</strong>{' '}
        <span>
          {texts.inputs[input.state] ?? input.state}, {since}
        </span>
        {input.active && <span class="tag">{texts.stream.active}</span>}
      </p>
      <p class="quiet number">
        {[
          cleanText(input.name, 40),
          rate !== undefined && texts.stream.rate(bitRate(rate)),
          texts.stream.received(bytes(input.bytes)),
          input.reconnects > 0 && texts.stream.reconnects(input.reconnects),
        ]
          .filter(Boolean)
          .join(', ')}
      </p>
      {(input.peer || input.agent) && (
        <p class="quiet">
          {input.peer && <Foreign text={input.peer} longest={120} />}{' '}
          {input.agent && <Foreign text={input.agent} longest={120} />}
        </p>
      )}
      {input.lastError && (
        <p class="quiet">
          {texts.stream.lastError(
            duration((nowMs.value - Date.parse(input.lastError.at)) / 1000),
            cleanText(input.lastError.message, 200),
          )}
        </p>
      )}
    </li>
  );
}

function Output({ output }: { output: OutputStatus }) {
  const rate = useRate(output.counters.bytes_sent ?? output.counters.bytes_written);
  return (
    <li class="part">
      <p class="part-head">
        <MoodIcon mood={moodOf(output.state)} /> <strong>{output.type}</strong> <span>{output.state}</span>
      </p>
      <p class="quiet number">
        {[
          cleanText(output.name, 40),
          output.target && cleanText(output.target, 120),
          output.listeners !== undefined && texts.wall.listeners(output.listeners),
          rate !== undefined && texts.stream.rate(bitRate(rate)),
          output.restarts > 0 && texts.stream.restarts(output.restarts),
        ]
          .filter(Boolean)
          .join(', ')}
      </p>
      {output.lastError && (
        <p class="quiet">
          {texts.stream.lastError(
            duration((nowMs.value - Date.parse(output.lastError.at)) / 1000),
            cleanText(output.lastError.message, 200),
          )}
        </p>
      )}
    </li>
  );
}

/** Sound on its way: moves while it flows. */
function Wire({ isFlowing }: { isFlowing: boolean }) {
  return (
    <svg
      class={`wire path-wire${isFlowing ? '' : ' wire-still'}`}
      viewBox="0 0 60 24"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="wire-rest" d="M0 12H60" />
      {isFlowing && <path class="wire-flow" d="M0 12H60" />}
    </svg>
  );
}

/** The way of the sound from left to right: sources, fragments, links, outputs. */
export function SoundPath({ stream }: { stream: StreamStatus }) {
  const links = status.value?.links ?? [];
  const incoming = links.filter(({ receives }) => receives.includes(stream.name));
  const outgoing = links.filter(({ sends }) => sends.some(({ name }) => name === stream.name));
  const { buffer, clock } = stream;
  const isComing = stream.inputs.some(({ active, state }) => active && state === 'live');
  const isHeard = stream.state === 'live' || stream.state === 'reserve' || stream.state === 'fallback';
  return (
    <section class="panel" aria-labelledby="sound-path">
      <h2 id="sound-path">{texts.stream.path}</h2>
      <ol class="sound-path">
        <li>
          <h3>{texts.stream.sources}</h3>
          <ul class="parts">
            {stream.inputs.map((input) => (
              <Input key={input.name} input={input} />
            ))}
          </ul>
          {incoming.map((link) => (
            <LinkPart key={link.peer} link={link} stream={stream.name} />
          ))}
        </li>
        <li class="path-wire-cell" aria-hidden="true">
          <Wire isFlowing={isComing} />
        </li>
        <li>
          <h3>{texts.stream.buffer}</h3>
          <div class="part">
            <p class="part-head number">
              <strong>{seconds(buffer.reserveSeconds)}</strong> <span>{texts.demo.reserve.toLowerCase()}</span>
            </p>
            <p class="quiet number">{texts.stream.fragments(buffer.fragments)}</p>
            <p class="quiet number">{texts.stream.held(seconds(buffer.heldSeconds), bytes(buffer.bytes))}</p>
            <p class="quiet number">{texts.stream.lowest(seconds(buffer.reserveLowestSeconds))}</p>
            {clock?.confident && (
              <p class="quiet number">
                {texts.stream.drift(`${clock.driftPpm > 0 ? '+' : ''}${clock.driftPpm.toFixed(1)}`)}
              </p>
            )}
          </div>
        </li>
        <li class="path-wire-cell" aria-hidden="true">
          <Wire isFlowing={isHeard} />
        </li>
        <li>
          <h3>{texts.stream.outputs}</h3>
          {stream.outputs.length === 0 && <p class="quiet">{texts.stream.noOutputs}</p>}
          <ul class="parts">
            {stream.outputs.map((output) => (
              <Output key={output.name} output={output} />
            ))}
          </ul>
          {outgoing.map((link) => (
            <LinkPart key={link.peer} link={link} stream={stream.name} />
          ))}
        </li>
      </ol>
    </section>
  );
}
