import { useEffect } from 'preact/hooks';
import { status } from '../feed.ts';
import { percent } from '../format.ts';
import { Foreign } from '../parts/foreign.tsx';
import { MoodIcon, moodOf } from '../parts/state.tsx';
import { Figures, Legend } from '../swarm/figures.tsx';
import { Mesh } from '../swarm/mesh.tsx';
import { followSwarm, swarm, swarmRefused } from '../swarm/swarm-feed.ts';
import { Files, Peers } from '../swarm/tables.tsx';
import { texts } from '../texts.ts';
import type { LinkView } from '../types.ts';

/** Links drawn around this node; more than so many are a list only. */
const MAX_DRAWN = 40;
const SIZE = 360;

function place(index: number, count: number): { x: number; y: number } {
  const angle = (index / count) * 2 * Math.PI - Math.PI / 2;
  return { x: SIZE / 2 + Math.cos(angle) * SIZE * 0.38, y: SIZE / 2 + Math.sin(angle) * SIZE * 0.38 };
}

function LinkPicture({ links }: { links: readonly LinkView[] }) {
  return (
    <svg class="mesh" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={texts.swarm.links}>
      {links.map(({ peer, state }, index) => {
        const { x, y } = place(index, links.length);
        return (
          <g key={peer} class={`mesh-${moodOf(state)}`}>
            <line x1={SIZE / 2} y1={SIZE / 2} x2={x} y2={y} />
            <circle cx={x} cy={y} r="14" />
          </g>
        );
      })}
      <circle class="mesh-self" cx={SIZE / 2} cy={SIZE / 2} r="22" />
    </svg>
  );
}

function Links({ links }: { links: readonly LinkView[] }) {
  return (
    <section class="panel wide" aria-labelledby="links">
      <h2 id="links">{texts.swarm.links}</h2>
      {links.length === 0 && <p class="quiet">{texts.swarm.noLinks}</p>}
      <div class="columns">
        {links.length > 0 && links.length <= MAX_DRAWN && <LinkPicture links={links} />}
        <ul class="plain-list">
          {links.map((link) => (
            <li key={link.peer}>
              <MoodIcon mood={moodOf(link.state)} /> <Foreign text={link.peer} longest={100} />:{' '}
              {texts.links[link.state] ?? link.state}
              {link.paths.map((path) => (
                <span key={path.id} class="quiet number">
                  {' '}
                  · {path.carrier.toUpperCase()}{' '}
                  {path.rttMs !== undefined && texts.stream.roundTrip(path.rttMs.toFixed(1))}{' '}
                  {texts.stream.loss(percent(path.lossRatio))}
                </span>
              ))}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

/** The mesh of the swarm that this node publishes in, and the links that it has. */
export default function Swarm() {
  useEffect(followSwarm, []);
  const view = swarm.value;
  const links = status.value?.links ?? [];
  const isHere = view !== undefined && view.dialects.length > 0;
  return (
    <>
      <h1>{isHere ? <Name view={view.name} /> : texts.swarm.title}</h1>
      <p>{texts.swarm.about}</p>
      {!isHere && (
        <p class="quiet">
          {swarmRefused.value ? texts.connection.refused : view ? texts.swarm.missing : texts.loading}
        </p>
      )}
      <div class="swarm-page">
        {isHere && (
          <>
            <section class="panel swarm-picture" aria-labelledby="swarm-picture">
              <h2 id="swarm-picture">{texts.swarm.pictureTitle}</h2>
              <Legend counts={view.counts} />
              <Mesh view={view} />
            </section>
            <Figures view={view} />
            <Files view={view} />
            <Peers view={view} />
          </>
        )}
        {(!isHere || links.length > 0) && <Links links={links} />}
      </div>
    </>
  );
}

function Name({ view }: { view: string }) {
  return (
    <>
      {texts.swarm.of} <Foreign text={view} longest={100} />
    </>
  );
}
