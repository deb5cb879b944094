import type { ComponentChildren } from 'preact';
import { send } from '../api.ts';
import { lostSinceMs, me, nowMs, refused, restartFeed, status } from '../feed.ts';
import { clockTime, duration } from '../format.ts';
import { home, href, type Page, page } from '../routing.ts';
import { texts } from '../texts.ts';

function NavLink({ to, kind, word }: { to: string; kind: Page['kind']; word: string }) {
  const isHere = page.value.kind === kind;
  return (
    <li>
      <a href={href(to)} data-page {...(isHere ? { 'aria-current': 'page' as const } : {})}>
        {word}
      </a>
    </li>
  );
}

const PAGES = [
  { kind: 'wall', to: '', word: texts.nav.wall },
  { kind: 'tracks', to: 'tracks', word: texts.nav.tracks },
  { kind: 'swarm', to: 'swarm', word: texts.nav.swarm },
] as const;

async function signOut(): Promise<void> {
  try {
    await send('DELETE', 'api/v1/session');
  } finally {
    restartFeed();
  }
}

function Navigation() {
  const { role, canSignIn } = me.value;
  return (
    <nav aria-label={texts.nav.label}>
      <ul>
        {PAGES.map(
          // A program that is about one thing has no streams and shows only that.
          ({ kind, to, word }) =>
            (home === 'wall' || home === kind) && (
              <NavLink key={kind} to={home === kind ? '' : to} kind={kind} word={word} />
            ),
        )}
        {role === 'admin' && <NavLink to="steer" kind="steer" word={texts.nav.steer} />}
        {role !== 'admin' && canSignIn && <NavLink to="sign-in" kind="sign-in" word={texts.nav.signIn} />}
        {role === 'admin' && canSignIn && (
          <li>
            <button type="button" class="link" onClick={() => void signOut()}>
              {texts.nav.signOut}
            </button>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** Whether the node answers, and since when not. */
export function Connection() {
  const since = lostSinceMs.value;
  void nowMs.value;
  const words =
    since !== undefined
      ? texts.connection.lost(clockTime(since), duration((Date.now() - since) / 1000))
      : refused.value
        ? texts.connection.refused
        : '';
  return (
    <p class="connection" role="status" hidden={words === ''}>
      {words}
    </p>
  );
}

/** What is around every page. */
export function Shell({ children }: { children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <header class="top">
        <a class="brand" href={href('')} data-page>
          <img src={href('favicon.svg')} alt="" width="28" height="28" />
          <span>{texts.brand}</span>
        </a>
        <Navigation />
      </header>
      <Connection />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <footer>
        <p>
          distream {status.value?.node.version} · <a href={href('api/v1/status')}>{texts.nav.plainStatus}</a> ·{' '}
          <a href={href('metrics')}>{texts.nav.metrics}</a>
        </p>
      </footer>
    </>
  );
}
