// One player for the page. Sound begins only when somebody presses Play.
import { make, setAttribute, setText } from './dom.js';

const audio = new Audio();
audio.preload = 'none';
let playing; // the path that is played
let words = '';
const buttons = new Set();

function refresh() {
  for (const button of buttons) button.refresh();
}

function stop() {
  playing = undefined;
  words = '';
  audio.pause();
  // Without a source the browser also ends its connection, and the next Play begins at the live edge.
  audio.removeAttribute('src');
  audio.load();
  refresh();
}

function play(path) {
  playing = path;
  words = 'Connecting …';
  audio.src = encodeURI(path);
  audio.play().catch((error) => {
    if (playing !== path || error.name === 'AbortError') return;
    words = error.name === 'NotSupportedError' ? 'This browser cannot play this stream.' : 'The sound could not be started.';
    playing = undefined;
    refresh();
  });
  refresh();
}

audio.addEventListener('playing', () => {
  words = 'Playing';
  refresh();
});
audio.addEventListener('waiting', () => {
  if (playing) words = 'Waiting for sound …';
  refresh();
});
audio.addEventListener('ended', stop);

/** A Play and Stop button for a path, with what the player does in words. */
export class PlayButton {
  constructor(path, name) {
    this.path = path;
    this.name = name;
    this.last = false;
    this.icon = make('span', { class: 'play-icon', 'aria-hidden': 'true' });
    this.label = make('span');
    this.button = make('button', { type: 'button', class: 'play' }, [this.icon, this.label]);
    this.state = make('span', { class: 'play-state', role: 'status' });
    this.element = make('div', { class: 'player' }, [this.button, this.state]);
    this.button.addEventListener('click', () => {
      this.last = true;
      if (playing === this.path) stop();
      else play(this.path);
    });
    buttons.add(this);
    this.refresh();
  }

  refresh() {
    const active = playing === this.path;
    if (!active && playing) this.last = false;
    setText(this.label, active ? 'Stop' : 'Play');
    setAttribute(this.button, 'data-playing', String(active));
    setAttribute(this.button, 'aria-label', `${active ? 'Stop' : 'Play'} ${this.name}`);
    setText(this.state, active || this.last ? words : '');
  }

  /** Takes the button away; the sound of a stream that left the page ends. */
  remove() {
    buttons.delete(this);
    if (playing === this.path && ![...buttons].some((other) => other.path === this.path)) stop();
  }
}
