import { me, status, streams } from '../feed.ts';
import { DemoPanel } from '../parts/demo-panel.tsx';
import { StreamCard } from '../parts/stream-card.tsx';
import { StripLegend } from '../parts/strip.tsx';
import { listenersOf } from '../stream-history.ts';
import { texts } from '../texts.ts';

const ON_AIR = new Set(['live', 'reserve', 'fallback']);

/** Every stream as a card. */
export function Wall() {
  const all = streams.value;
  const up = all.filter(({ state }) => ON_AIR.has(state)).length;
  const listeners = all.reduce((total, stream) => total + listenersOf(stream), 0);
  return (
    <>
      {me.value.demo && <DemoPanel />}
      <div class="page-head">
        <h1>{texts.wall.title}</h1>
        {all.length > 0 && (
          <p class="quiet number">
            {texts.wall.onAir(up, all.length)}, {texts.wall.allListeners(listeners)}
          </p>
        )}
      </div>
      {!status.value && <p class="quiet">{texts.connection.first}</p>}
      {status.value && all.length === 0 && (
        <p>
          {texts.wall.none} <span class="quiet">{texts.wall.noneHelp}</span>
        </p>
      )}
      <div class="cards">
        {all.map((stream) => (
          <StreamCard key={stream.name} stream={stream} />
        ))}
      </div>
      {all.length > 0 && <StripLegend />}
    </>
  );
}
