import { HASHES_AT_ONCE } from '../../protocols/swarm/conductor-messages.ts';
import { HASH_BYTES } from '../../protocols/swarm/hash-tree.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import { ConductedFile, type PreparedFile } from './conducted-file.ts';
import type { NativeVoice } from './native-member.ts';

/** The files that members asked for, by number. */
export class ConductedFiles {
  readonly #nextId: () => number;
  readonly #byId = new Map<number, ConductedFile>();
  readonly #byFile = new Map<SharedFile, ConductedFile>();

  /** @param nextId a number that no other file or stream has */
  constructor(nextId: () => number) {
    this.#nextId = nextId;
  }

  [Symbol.iterator](): Iterator<ConductedFile> {
    return this.#byId.values();
  }

  get(id: number): ConductedFile | undefined {
    return this.#byId.get(id);
  }

  /** The file, which is conducted from now on if it was not. */
  conduct(prepared: PreparedFile, serverUpBytesPerSecond: number): ConductedFile {
    const known = this.#byFile.get(prepared.file);
    if (known) return known;
    const conducted = new ConductedFile(this.#nextId(), prepared, serverUpBytesPerSecond);
    this.#byId.set(conducted.id, conducted);
    this.#byFile.set(prepared.file, conducted);
    return conducted;
  }

  /** Conducts a file no more. Undefined when it was not. */
  forget(file: SharedFile): ConductedFile | undefined {
    const conducted = this.#byFile.get(file);
    if (!conducted) return undefined;
    this.#byFile.delete(file);
    this.#byId.delete(conducted.id);
    return conducted;
  }
}

/** Answers who asked for a file: its manifest, and the hashes of its chunks in parts. */
export function tellFile(voice: NativeVoice, ref: number, { id, prepared }: ConductedFile): void {
  const { manifest, hashes } = prepared;
  voice.tell({ type: 'file', ref, status: 'ok', file: id, manifest });
  for (let first = 0; first * HASH_BYTES < hashes.length; first += HASHES_AT_ONCE) {
    const part = hashes.subarray(first * HASH_BYTES, (first + HASHES_AT_ONCE) * HASH_BYTES);
    voice.tell({ type: 'hashes', file: id, first, hashes: part });
  }
}
