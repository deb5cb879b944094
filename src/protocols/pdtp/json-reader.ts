/**
 * JSON from strangers (RFC 8259): bounded in depth and in the number of values, whole numbers told apart from others,
 * objects as maps, so that no name can reach a prototype.
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { ProtocolViolation } from '../../core/errors.ts';

/** Stands for a number with a fraction or an exponent, or beyond 2^53 - 1: nothing in PDTP takes one. */
export const OTHER_NUMBER: unique symbol = Symbol('other number');

/** A value; `number` is always a safe integer. Of members with the same name the last one counts. */
export type JsonValue = null | boolean | number | string | typeof OTHER_NUMBER | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
export type JsonObject = ReadonlyMap<string, JsonValue>;

const MAX_DEPTH = 16;
const MAX_VALUES = 1024;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const HEX4 = /^[0-9A-Fa-f]{4}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * Reads one JSON text; white space around it is allowed. Throws ProtocolViolation for anything else, for bytes that
 * are not UTF-8, for half a surrogate pair, beyond 16 levels and beyond 1,024 values.
 */
export function readJson(bytes: Buffer): JsonValue {
  if (!isUtf8(bytes)) throw new ProtocolViolation('not JSON: the bytes are not UTF-8');
  const reader = new JsonReader(bytes.toString('utf8'));
  return reader.whole();
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): JsonValue {
    const value = this.#value();
    if (this.#next() !== '') throw this.#unexpected();
    return value;
  }

  /** The next character that is no white space, not taken; empty at the end. */
  #next(): string {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return this.#text.charAt(this.#at);
      this.#at++;
    }
  }

  #value(): JsonValue {
    if (++this.#values > MAX_VALUES) throw new ProtocolViolation(`more than ${MAX_VALUES} values in a message`);
    switch (this.#next()) {
      case '"':
        return this.#string();
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new ProtocolViolation(`a message nested deeper than ${MAX_DEPTH}`);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #array(): JsonArray {
    const items: JsonValue[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.#value());
    while (this.#skip(','));
    this.#expect(']');
    return items;
  }

  #object(): JsonObject {
    const members = new Map<string, JsonValue>();
    if (this.#skip('}')) return members;
    do {
      if (this.#next() !== '"') throw this.#unexpected();
      const name = this.#string();
      this.#expect(':');
      members.set(name, this.#value());
    } while (this.#skip(','));
    this.#expect('}');
    return members;
  }

  #string(): string {
    const start = this.#at + 1;
    let hasEscapes = false;
    let end = start;
    for (; ; end++) {
      const code = this.#text.charCodeAt(end);
      if (code === 0x22) break;
      if (code === 0x5c) {
        hasEscapes = true;
        end++;
      } else if (!(code >= 0x20)) {
        this.#at = Math.min(end, this.#text.length);
        throw this.#unexpected();
      }
    }
    const raw = this.#text.slice(start, end);
    this.#at = end + 1;
    return hasEscapes ? unescapeString(raw) : raw;
  }

  #number(): number | typeof OTHER_NUMBER {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (!match) throw this.#unexpected();
    this.#at = NUMBER.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return OTHER_NUMBER;
    const value = Number(match[0]);
    // `+ 0` makes a zero of -0
    return Number.isSafeInteger(value) ? value + 0 : OTHER_NUMBER;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected();
    this.#at += word.length;
    return value;
  }

  #skip(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw this.#unexpected();
  }

  #unexpected(): ProtocolViolation {
    const isAtEnd = this.#at >= this.#text.length;
    return new ProtocolViolation(isAtEnd ? 'not JSON: it ends too soon' : `not JSON at character ${this.#at}`);
  }
}

/** The text of a string with escapes in it. */
function unescapeString(raw: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = raw.indexOf('\\'); at >= 0; at = raw.indexOf('\\', from)) {
    parts.push(raw.slice(from, at));
    if (raw[at + 1] === 'u') {
      const digits = raw.slice(at + 2, at + 6);
      if (!HEX4.test(digits)) throw new ProtocolViolation('not JSON: an escape without its four digits');
      parts.push(String.fromCharCode(Number.parseInt(digits, 16)));
      from = at + 6;
    } else {
      const character = ESCAPES.get(raw.charAt(at + 1));
      if (character === undefined) throw new ProtocolViolation('not JSON: an unknown escape');
      parts.push(character);
      from = at + 2;
    }
  }
  const text = parts.join('') + raw.slice(from);
  if (LONE_SURROGATE.test(text)) throw new ProtocolViolation('not JSON: half a surrogate pair');
  return text;
}
