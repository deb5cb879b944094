// The card of one stream.
import { duration, Meter, make, plural, seconds, setAttribute, setText } from './dom.js';
import { PlayButton } from './player.js';

const STATE_WORDS = {
  waiting: 'Waiting for a source',
  filling: 'Filling the reserve',
  live: 'On air',
  reserve: 'On air from the reserve',
  fallback: 'On air from the fallback',
  silent: 'Silent',
};

const INPUT_WORDS = {
  connecting: 'connecting',
  live: 'delivers',
  silent: 'connected, but silent',
  retrying: 'lost, trying again',
  standby: 'stands by',
  failed: 'failed',
  ended: 'ended',
};

const CODEC_WORDS = { mp3: 'MP3', aac: 'AAC', vorbis: 'Ogg Vorbis', opus: 'Opus', flac: 'FLAC', opaque: 'unknown format' };

/** The paths at which a stream is heard. */
export function mountsOf(stream) {
  const paths = stream.outputs.filter((output) => output.listeners !== undefined && output.target?.match(/^[/*]/));
  return [...new Set(paths.map((output) => (output.target === '*' ? '/stream' : output.target)))];
}

function formatWords({ format, bitrateKbps }) {
  if (!format) return 'not known yet';
  const channels = { 1: 'mono', 2: 'stereo' }[format.channels];
  return [
    CODEC_WORDS[format.codec],
    bitrateKbps && `${Math.round(bitrateKbps)} kbit/s`,
    format.sampleRate && `${format.sampleRate / 1000} kHz`,
    channels,
    format.note,
  ]
    .filter(Boolean)
    .join(', ');
}

function gapWords({ gaps, gapSeconds, stalls, stallSeconds }) {
  if (gaps === 0 && stalls === 0) return 'none';
  return [
    gaps > 0 && `${plural(gaps, 'gap')}${gapSeconds > 0 ? ` (${seconds(gapSeconds)})` : ''}`,
    stalls > 0 && `${plural(stalls, 'silence')}${stallSeconds > 0 ? ` (${seconds(stallSeconds)})` : ''}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function inputWords(stream, nowMs) {
  const input = stream.inputs.find((each) => each.active) ?? stream.inputs[0];
  if (!input) return 'none';
  const since = duration((nowMs - Date.parse(input.since)) / 1000);
  return `${input.type} ${INPUT_WORDS[input.state] ?? input.state} since ${since}${
    input.reconnects > 0 ? `, ${plural(input.reconnects, 'reconnect')}` : ''
  }`;
}

/** The newest error of a stream, in words. */
function errorWords(stream, nowMs) {
  const errors = [...stream.inputs, ...stream.outputs].filter((module) => module.lastError);
  errors.sort((a, b) => Date.parse(b.lastError.at) - Date.parse(a.lastError.at));
  const newest = errors[0];
  if (!newest) return '';
  const ago = duration((nowMs - Date.parse(newest.lastError.at)) / 1000);
  return `Last error, ${ago} ago: ${newest.name}: ${newest.lastError.message}`;
}

function mountRow(path) {
  const url = new URL(encodeURI(path), location.href).href;
  const field = make('input', { type: 'text', readonly: true, 'aria-label': `Address of ${path}` });
  field.value = url;
  field.addEventListener('focus', () => field.select());
  const copy = make('button', { type: 'button', text: 'Copy', 'aria-label': `Copy the address of ${path}` });
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(url);
      copy.textContent = 'Copied';
    } catch {
      // Browsers copy for pages of https and localhost only.
      field.select();
      copy.textContent = document.execCommand('copy') ? 'Copied' : 'Press Ctrl+C';
    }
    setTimeout(() => setText(copy, 'Copy'), 2000);
  });
  const links = ['m3u', 'pls', 'xspf'].map((type) =>
    make('a', { href: `${encodeURI(path)}.${type}`, text: type.toUpperCase(), 'aria-label': `${type.toUpperCase()} playlist of ${path}` }),
  );
  return make('li', { class: 'mount' }, [field, copy, ...links]);
}

/** One stream on the page; `update` shows a new status. */
export class Card {
  constructor(name) {
    const id = `stream-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    this.name = name;
    this.mountKey = undefined;
    this.players = [];
    this.heading = make('h2', { id, text: name });
    this.icon = make('span', { class: 'icon', 'aria-hidden': 'true' });
    this.state = make('span', { role: 'status' });
    this.badge = make('p', { class: 'badge' }, [this.icon, this.state]);
    this.title = make('p', { class: 'title' });
    this.playerBox = make('div', { class: 'players' });
    this.meter = new Meter(`Reserve of ${name}`);
    this.reserve = make('strong');
    this.lowest = make('span', { class: 'quiet' });
    this.facts = Object.fromEntries(['Listeners', 'Buffer', 'Format', 'Input', 'Interruptions'].map((key) => [key, make('dd')]));
    this.mounts = make('ul', { class: 'mounts', 'aria-label': `Addresses of ${name}` });
    this.error = make('p', { class: 'error' });
    this.titles = make('ol');
    this.history = make('details', {}, [make('summary', { text: 'Titles before' }), this.titles]);
    this.element = make('article', { class: 'card', 'aria-labelledby': id }, [
      make('div', { class: 'card-head' }, [this.heading, this.badge]),
      this.title,
      this.playerBox,
      make('div', { class: 'reserve' }, [
        make('div', { class: 'reserve-words' }, [make('span', { text: 'Reserve' }), this.reserve, this.lowest]),
        this.meter.element,
      ]),
      make('dl', {}, Object.entries(this.facts).map(([key, value]) => make('div', {}, [make('dt', { text: key }), value]))),
      this.error,
      this.mounts,
      this.history,
    ]);
  }

  update(stream, nowMs) {
    setAttribute(this.element, 'data-state', stream.state);
    setText(this.state, STATE_WORDS[stream.state] ?? stream.state);
    setText(this.title, stream.metadata?.title || 'No title');
    this.title.classList.toggle('quiet', !stream.metadata?.title);
    this.#updateReserve(stream.buffer);
    const listeners = stream.outputs.reduce((total, output) => total + (output.listeners ?? 0), 0);
    setText(this.facts.Listeners, String(listeners));
    setText(this.facts.Buffer, `${seconds(stream.buffer.heldSeconds)} held`);
    setText(this.facts.Format, formatWords(stream));
    setText(this.facts.Input, inputWords(stream, nowMs));
    setText(this.facts.Interruptions, gapWords(stream.counters));
    const error = errorWords(stream, nowMs);
    setText(this.error, error);
    this.error.hidden = error === '';
    this.#updateMounts(mountsOf(stream));
    this.#updateTitles(stream.titles.slice(1));
  }

  #updateReserve({ reserveSeconds, reserveTargetSeconds, reserveLowestSeconds }) {
    this.meter.element.hidden = reserveTargetSeconds === 0;
    if (reserveTargetSeconds === 0) {
      setText(this.reserve, 'none');
      setText(this.lowest, '');
      return;
    }
    const target = ` of ${seconds(reserveTargetSeconds)}`;
    setText(this.reserve, `${seconds(reserveSeconds)}${target}`);
    setText(this.lowest, `lowest ${seconds(reserveLowestSeconds)}`);
    this.meter.update(reserveSeconds, reserveTargetSeconds, `${Math.round(reserveSeconds)} seconds${target}`);
  }

  #updateMounts(paths) {
    const key = paths.join('\n');
    if (key === this.mountKey) return;
    this.mountKey = key;
    const before = this.players;
    this.players = paths.slice(0, 1).map((path) => new PlayButton(path, this.name));
    for (const player of before) player.remove();
    this.playerBox.replaceChildren(...this.players.map((player) => player.element));
    this.mounts.replaceChildren(...paths.map(mountRow));
  }

  #updateTitles(titles) {
    this.history.hidden = titles.length === 0;
    const key = titles.map(({ at, title }) => at + title).join('\n');
    if (key === this.titleKey) return;
    this.titleKey = key;
    this.titles.replaceChildren(
      ...titles.map(({ at, title }) =>
        make('li', {}, [
          make('time', { datetime: at, text: new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) }),
          make('span', { text: title || 'No title' }),
        ]),
      ),
    );
  }

  remove() {
    for (const player of this.players) player.remove();
    this.element.remove();
  }
}
