import { useState } from 'preact/hooks';
import type { TrackFlow, TrackSession } from '../../src/tracks/view/schema.ts';
import { clockTime } from '../format.ts';
import { Foreign } from '../parts/foreign.tsx';
import { type Mood, MoodIcon } from '../parts/state.tsx';
import { texts } from '../texts.ts';
import { LossLegend, LossStrip, mapSeconds } from './loss-strip.tsx';
import { Meters } from './meters.tsx';
import { joined, TimeHistogram } from './time-histogram.tsx';

const MOODS: Record<string, Mood> = {
  running: 'good',
  repairing: 'warn',
  silent: 'bad',
  waiting: 'idle',
  ended: 'idle',
};

/** `0:01:23.4` */
export function timecode(seconds: number): string {
  const tenths = Math.floor(Math.abs(seconds) * 10 + 1e-6);
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.floor(tenths / 10);
  const text = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${tenths % 10}`;
  return seconds < 0 ? `-${text}` : text;
}

function Head({ id, session }: { id: string; session: TrackSession }) {
  const { kind, title, state, seconds, totalSeconds, startUtc, words } = session;
  return (
    <div class="take-head">
      <h2 id={`tracks-${id}`}>
        {texts.tracks.kinds[kind]} <Foreign text={title} longest={100} />
      </h2>
      <p class={`state state-${MOODS[state] ?? 'idle'}`}>
        <MoodIcon mood={MOODS[state] ?? 'idle'} />
        <span role="status">{texts.tracks.states[kind]?.[state] ?? state}</span>
      </p>
      {kind !== 'stream' && (
        <p class="timecode number">
          <span class="hidden-words">{texts.tracks.position} </span>
          {timecode(seconds)}
          {totalSeconds !== undefined && <span class="quiet timecode-total"> / {timecode(totalSeconds)}</span>}
        </p>
      )}
      {kind !== 'stream' && startUtc && <p class="quiet number">{texts.tracks.since(clockTime(startUtc))}</p>}
      {words && (
        <p class="take-words quiet">
          <Foreign text={words} longest={300} />
        </p>
      )}
    </div>
  );
}

/** Names of counters that a reader should look at when they are above 0. */
const TROUBLES = new Set([
  'lost',
  'late',
  'gaps',
  'malformed',
  'strangers',
  'underruns',
  'refused',
  'lost_by_receivers',
  'packets_lost',
  'packets_late',
]);

function Flows({ session }: { session: TrackSession }) {
  const flows = Object.entries(session.flows);
  if (flows.length === 0) return null;
  const names = [...new Set(flows.flatMap(([, { counters }]) => Object.keys(counters)))];
  const has = (key: keyof TrackFlow) => flows.some(([, flow]) => flow[key] !== undefined);
  const title = session.kind === 'stream' ? texts.tracks.modules : texts.tracks.flows;
  return (
    // A table that may be wider than a phone must be reachable by keyboard.
    <section class="table-box" tabIndex={0} aria-label={title}>
      <table class="flow-table number">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.tracks.flow}</th>
            <th scope="col">{texts.tracks.state}</th>
            {names.map((name) => (
              <th key={name} scope="col">
                {texts.tracks.counters[name] ?? name.replaceAll('_', ' ')}
              </th>
            ))}
            {has('bufferMs') && <th scope="col">{texts.tracks.buffer}</th>}
            {has('jitterMs') && <th scope="col">{texts.tracks.jitter}</th>}
            {has('driftPpm') && <th scope="col">{texts.tracks.drift}</th>}
          </tr>
        </thead>
        <tbody>
          {flows.map(([number, flow]) => (
            <tr key={number}>
              <th scope="row">
                <Foreign text={flow.title} longest={100} />{' '}
                <span class="quiet">
                  {session.kind === 'stream' ? flow.encoding : `${flow.encoding}/${flow.sampleRate}/${flow.channels}`}
                  {flow.address && (
                    <>
                      {' '}
                      <Foreign text={flow.address} longest={80} />
                    </>
                  )}
                </span>
              </th>
              <td>
                <MoodIcon mood={MOODS[flow.state] ?? 'idle'} /> {texts.tracks.flowStates[flow.state] ?? flow.state}
              </td>
              {names.map((name) => {
                const count = flow.counters[name] ?? 0;
                return (
                  <td key={name} class={count > 0 && TROUBLES.has(name) ? 'state-bad' : ''}>
                    {count.toLocaleString('en')}
                  </td>
                );
              })}
              {has('bufferMs') && <td>{texts.tracks.ms(flow.bufferMs ?? 0)}</td>}
              {has('jitterMs') && <td>{flow.jitterMs === undefined ? '' : texts.tracks.ms(flow.jitterMs)}</td>}
              {has('driftPpm') && <td>{flow.driftPpm === undefined ? '' : texts.tracks.ppm(flow.driftPpm)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Times({ id, session }: { id: string; session: TrackSession }) {
  const [chosen, choose] = useState('');
  const flows = Object.entries(session.flows);
  const shown = session.flows[chosen] ? [session.flows[chosen]] : flows.map(([, flow]) => flow);
  const spacing = joined(shown.map((flow) => flow.spacing));
  const lateness = joined([...shown.map((flow) => flow.lateness), session.lateness]);
  if (!spacing && !lateness) return null;
  return (
    <section aria-labelledby={`times-${id}`}>
      <div class="charts-head">
        <h3 id={`times-${id}`}>{texts.tracks.times}</h3>
        {flows.length > 1 && session.kind === 'record' && (
          <label>
            <span class="hidden-words">{texts.tracks.timesOf}</span>
            <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
              <option value="">{texts.tracks.allFlows}</option>
              {flows.map(([number, flow]) => (
                <option key={number} value={number}>
                  {flow.title.slice(0, 60)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <div class="times-pair">
        <TimeHistogram title={texts.tracks.spacing} counts={spacing} />
        <TimeHistogram
          title={session.kind === 'send' ? texts.tracks.sentLate : texts.tracks.lateness}
          counts={lateness}
        />
      </div>
    </section>
  );
}

/** Tracks that belong together: where they are, their levels, what was lost, and figures. */
export function SessionPanel({ id, session }: { id: string; session: TrackSession }) {
  const flows = Object.entries(session.flows).filter(([, flow]) => mapSeconds(flow.map) > 0);
  const seconds = Math.max(0, ...flows.map(([, flow]) => mapSeconds(flow.map)));
  // What was lost then may have been fetched since: its take tells.
  const isOver = session.kind === 'record' && session.state === 'ended';
  const safeId = id.replace(/[^A-Za-z0-9_-]/g, '-');
  return (
    <section class="panel take-panel" aria-labelledby={`tracks-${safeId}`} data-session={id}>
      <Head id={safeId} session={session} />
      {!isOver && <Meters id={id} session={session} />}
      {!isOver && flows.length > 0 && (
        <section aria-labelledby={`losses-${safeId}`}>
          <h3 id={`losses-${safeId}`}>{texts.tracks.losses}</h3>
          <ul class="loss-list">
            {flows.map(([number, flow]) => (
              <LossStrip key={number} name={flow.title} map={flow.map!} seconds={seconds} />
            ))}
          </ul>
          <p class="strip-scale quiet number" aria-hidden="true">
            <span>{timecode(0)}</span>
            <span>{timecode(seconds)}</span>
          </p>
          <LossLegend />
        </section>
      )}
      <Flows session={session} />
      <Times id={safeId} session={session} />
    </section>
  );
}
