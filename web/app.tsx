import { effect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { cleanText } from './format.ts';
import { Wall } from './pages/wall.tsx';
import { Shell } from './parts/shell.tsx';
import { href, type Page, page } from './routing.ts';
import { texts } from './texts.ts';

type PageView = ComponentType<{ name: string }>;

/** Pages that are loaded when they are first shown; the wall is there at once. */
const LATER: Partial<Record<Page['kind'], () => Promise<PageView>>> = {
  listen: async () => (await import('./pages/listen.tsx')).default,
  stream: async () => (await import('./pages/stream.tsx')).default,
  steer: async () => (await import('./pages/steer.tsx')).default,
  tracks: async () => (await import('./pages/tracks.tsx')).default,
  swarm: async () => (await import('./pages/swarm.tsx')).default,
  'sign-in': async () => (await import('./pages/sign-in.tsx')).default,
};

const loaded = new Map<Page['kind'], PageView>();

function Later({ kind, name }: { kind: Page['kind']; name: string }) {
  const [, setCount] = useState(0);
  const View = loaded.get(kind);
  useEffect(() => {
    let isWanted = true;
    if (!loaded.has(kind)) {
      LATER[kind]?.().then((view) => {
        loaded.set(kind, view);
        if (isWanted) setCount((count) => count + 1);
      });
    }
    return () => {
      isWanted = false;
    };
  }, [kind]);
  return View ? <View key={name} name={name} /> : <p class="quiet">{texts.loading}</p>;
}

function NotFound() {
  return (
    <>
      <h1>{texts.notFound.title}</h1>
      <p>
        <a href={href('')} data-page>
          {texts.notFound.back}
        </a>
      </p>
    </>
  );
}

function titleOf({ kind, name }: Page): string {
  const own = { wall: '', tracks: texts.tracks.title, swarm: texts.swarm.title, steer: texts.steer.title } as Record<
    string,
    string
  >;
  const words = name !== undefined ? cleanText(name, 80) : kind === 'sign-in' ? texts.signIn.title : (own[kind] ?? '');
  return words ? `${words} · ${texts.brand}` : texts.brand;
}

effect(() => {
  document.title = titleOf(page.value);
});

/** The page of the address, with what is around it. */
export function App() {
  const { kind, name = '' } = page.value;
  const view = kind === 'wall' ? <Wall /> : kind in LATER ? <Later kind={kind} name={name} /> : <NotFound />;
  return kind === 'listen' ? view : <Shell>{view}</Shell>;
}
