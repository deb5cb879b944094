// Small helpers. Text reaches the page only through textContent, so a title is never markup.

/**
 * Makes an element.
 * @param {string} tag
 * @param {Record<string, string | boolean>} attributes `text` is its text; true sets an empty attribute, false none
 * @param {Node[]} children
 */
export function make(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') element.textContent = value;
    else if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

/** Sets text only when it changed, so that a selection and a screen reader's place survive. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute only when it changed. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** `7 s`, `3 min`, `2 h 5 min`, `4 days`; for how long something is so. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86400) {
    const minutes = Math.floor((whole % 3600) / 60);
    return `${Math.floor(whole / 3600)} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  }
  return plural(Math.floor(whole / 86400), 'day');
}

/** `24.5 s`; whole seconds from 100 on. */
export function seconds(value) {
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} s`;
}

/** `1 gap`, `2 gaps`. */
export function plural(count, word) {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** A bar with a value in words, as a meter for screen readers. */
export class Meter {
  constructor(label) {
    this.bar = make('span', { class: 'bar' });
    this.element = make('div', { class: 'meter', role: 'meter', 'aria-label': label, 'aria-valuemin': '0' }, [this.bar]);
  }

  /** @param {number} value @param {number} maximum @param {string} words */
  update(value, maximum, words) {
    const share = maximum > 0 ? Math.min(1, value / maximum) : 0;
    this.bar.style.width = `${Math.round(share * 100)}%`;
    setAttribute(this.element, 'aria-valuemax', String(Math.max(maximum, value)));
    setAttribute(this.element, 'aria-valuenow', String(value));
    setAttribute(this.element, 'aria-valuetext', words);
    setAttribute(this.element, 'data-level', share < 0.2 ? 'low' : share < 0.5 ? 'middle' : 'high');
  }
}
