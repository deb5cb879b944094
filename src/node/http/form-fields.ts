import { cleanText, decodeText } from '../../core/text.ts';
import { parseQueryBytes } from '../../protocols/http/target.ts';

/** Bytes of one value that are looked at. */
const MAX_VALUE_BYTES = 8192;

/** The fields of a query and a form, kept as bytes, since encoders say late or never in which charset they write. */
export class FormFields {
  readonly #fields: readonly ReadonlyMap<string, Buffer>[];

  /** Each text has one character per byte; the first that names a field wins. */
  constructor(...texts: readonly string[]) {
    this.#fields = texts.map(parseQueryBytes);
  }

  /**
   * The value as one line of clean text; undefined when the field is missing.
   * @param charset how the bytes are written; found out when undefined
   */
  get(name: string, charset?: string): string | undefined {
    const bytes = this.#fields.find((fields) => fields.has(name))?.get(name);
    return bytes && cleanText(decodeText(bytes.subarray(0, MAX_VALUE_BYTES), charset));
  }

  /** The value exactly as sent, as UTF-8 or Windows-1252: for passwords and paths, never to be shown. */
  raw(name: string): string | undefined {
    const bytes = this.#fields.find((fields) => fields.has(name))?.get(name);
    return bytes && decodeText(bytes.subarray(0, MAX_VALUE_BYTES));
  }
}
