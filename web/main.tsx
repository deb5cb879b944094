/**
 * The browser application: one page for every path of it.
 * @module
 */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { nowMs, startFeed, streams } from './feed.ts';
import { noteAll } from './history.ts';
import { followLinks } from './routing.ts';
import './styles/index.css';

const place = document.getElementById('app');
if (place) {
  document.getElementById('plain')?.remove();
  render(<App />, place);
  followLinks();
  effect(() => noteAll(streams.value, nowMs.value));
  startFeed();
}
