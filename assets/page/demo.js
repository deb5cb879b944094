// The panel of the demo: a line that fails, and a sound that does not.
import { duration, Meter, make, plural, seconds, setAttribute, setText } from './dom.js';
import { PlayButton } from './player.js';

function station(text, note) {
  return make('div', { class: 'stop' }, [make('strong', { text }), make('span', { class: 'quiet', text: note })]);
}

function score(label, note) {
  const value = make('strong', { class: 'score-value' });
  const element = make('div', { class: 'score' }, [make('span', { class: 'score-label', text: label }), value, make('span', { class: 'quiet', text: note })]);
  return { element, value };
}

/** The panel; `update` shows what `/api/v1/demo` answered. */
export class DemoPanel {
  constructor(section) {
    this.section = section;
    this.most = 1;
    this.lineState = make('strong');
    this.lineSince = make('span', { class: 'quiet' });
    this.line = make('div', { class: 'line' }, [
      make('div', { class: 'wire', 'aria-hidden': 'true' }, [make('span', { class: 'cut' })]),
      make('div', { class: 'line-words' }, [this.lineState, this.lineSince]),
    ]);
    this.meter = new Meter('Sound in reserve');
    this.reserve = make('strong');
    this.advice = make('p', { class: 'advice' });
    this.heard = score('You heard', 'interruptions, listening here');
    this.lost = score('You would have missed', 'of sound, on a direct connection');
    this.playerBox = make('div', { class: 'players' });
    section.append(
      make('h2', { text: 'A line that fails, a sound that does not' }),
      make('p', { text: 'This demo cuts its own line, again and again. Press Play, and watch the line while you listen.' }),
      this.playerBox,
      make('div', { class: 'route' }, [station('Studio', 'plays music'), this.line, station('This node', 'keeps a reserve'), make('div', { class: 'line steady', 'aria-hidden': 'true' }, [make('div', { class: 'wire' })]), station('You', 'listen')]),
      make('div', { class: 'reserve' }, [
        make('div', { class: 'reserve-words' }, [make('span', { text: 'Sound in reserve' }), this.reserve]),
        this.meter.element,
      ]),
      this.advice,
      make('div', { class: 'scores' }, [this.heard.element, this.lost.element]),
    );
  }

  /** @param demo the answer @param mount the path to listen at, when there is one @param target reserve aimed at, in seconds */
  update({ line, reserveSeconds, gapsHeard, directLostSeconds }, mount, target) {
    const up = line.state === 'up';
    this.most = Math.max(this.most, reserveSeconds, target);
    setAttribute(this.section, 'data-line', up ? 'up' : 'down');
    setText(this.lineState, up ? 'Line up' : 'Line cut');
    setText(this.lineSince, `for ${duration(line.sinceSeconds)}, ${plural(line.outages, 'outage')} so far`);
    setText(this.reserve, seconds(reserveSeconds));
    this.meter.update(reserveSeconds, this.most, `${Math.round(reserveSeconds)} seconds`);
    setText(this.advice, this.#advice(up, reserveSeconds));
    setText(this.heard.value, String(gapsHeard));
    setAttribute(this.heard.element, 'data-well', String(gapsHeard === 0));
    setText(this.lost.value, `${Math.round(directLostSeconds)} s`);
    if (mount !== this.player?.path) this.#setPlayer(mount);
    this.section.hidden = false;
  }

  #advice(up, reserveSeconds) {
    if (!up && reserveSeconds < 0.5) return 'The line is cut and the reserve is used up. Sound returns with the line.';
    if (!up) return `The line is cut. You hear the reserve; it lasts another ${Math.round(reserveSeconds)} seconds.`;
    if (reserveSeconds < this.most * 0.9) return 'The line is back. The reserve fills again, faster than you listen.';
    return 'The line is up and the reserve is full. The next cut will come soon.';
  }

  #setPlayer(mount) {
    this.player?.remove();
    this.player = mount && new PlayButton(mount, 'the demo');
    this.playerBox.replaceChildren(...(this.player ? [this.player.element] : []));
  }
}
