import { extname } from 'node:path';
import type { Codec, StreamFormat } from '../../core/fragment.ts';

const EXTENSIONS: Readonly<Record<Exclude<Codec, 'opaque'>, readonly string[]>> = {
  mp3: ['.mp3', '.mp2', '.mpga'],
  aac: ['.aac', '.adts'],
  vorbis: ['.ogg', '.oga'],
  opus: ['.opus', '.ogg', '.oga'],
  flac: ['.oga', '.ogg'],
  pcm: ['.wav', '.wave', '.bwf', '.rf64'],
};

/** Of containers that hold several of these codecs, or a codec without Ogg. */
const EXTENSIONS_OF_TYPE: ReadonlyMap<string, readonly string[]> = new Map([
  ['audio/flac', ['.flac']],
  ['audio/webm', ['.webm']],
  ['audio/x-matroska', ['.mka']],
]);

const AUDIO_EXTENSIONS = new Set([
  ...Object.values(EXTENSIONS).flat(),
  ...[...EXTENSIONS_OF_TYPE.values()].flat(),
  '.wav',
  '.m4a',
  '.mp4',
]);

const MAX_SUFFIX = 100_000;

/** True for a format whose headers can stand at the start of a file only, not in the middle as those of Ogg. */
export function needsOwnFile({ contentType }: StreamFormat): boolean {
  return EXTENSIONS_OF_TYPE.has(contentType);
}

/** The path with an extension that fits the format: one that belongs to another kind of audio is replaced. */
export function withFittingExtension(path: string, format: StreamFormat): string {
  const extension = extname(path);
  const known = extension.toLowerCase();
  if (format.codec === 'opaque' || !AUDIO_EXTENSIONS.has(known)) return path;
  const fitting = EXTENSIONS_OF_TYPE.get(format.contentType) ?? EXTENSIONS[format.codec];
  return fitting.includes(known) ? path : path.slice(0, -extension.length) + fitting[0];
}

/** Gives new names: `10.mp3`, then `10-2.mp3`, `10-3.mp3`, so that nothing is overwritten. */
export class FileNames {
  #path = '';
  #next = 1;

  /**
   * Calls `create` with one name after the other until it does not reject with EEXIST.
   * Rejects with what else `create` rejects with.
   */
  async create<T>(path: string, create: (name: string) => Promise<T>): Promise<{ name: string; made: T }> {
    if (path !== this.#path) this.#next = 1;
    this.#path = path;
    while (this.#next <= MAX_SUFFIX) {
      const name = numbered(path, this.#next);
      try {
        const made = await create(name);
        this.#next++;
        return { name, made };
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
        this.#next++;
      }
    }
    this.#next = 1;
    throw new Error(`there are ${MAX_SUFFIX} files of this name`);
  }

  /** The file of this name was removed again: the name is free. */
  giveBack(name: string): void {
    if (name === numbered(this.#path, this.#next - 1)) this.#next--;
  }
}

function numbered(path: string, number: number): string {
  if (number === 1) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${number}${extension}`;
}
