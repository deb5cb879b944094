import type { AudioItem } from '../../src/core/audio-item.ts';
import type { Fragment, TrackMetadata } from '../../src/core/fragment.ts';
import { FragmentBuffer } from '../../src/core/fragment-buffer.ts';
import type { StationInfo } from '../../src/core/station.ts';
import type { StreamView } from '../../src/modules/output.ts';

/** A stream whose fragments a test appends and releases by hand. */
export class FakeStreamView implements StreamView {
  readonly name = 'test';
  readonly buffer = new FragmentBuffer({ keepMs: 60_000, maxBytes: 1e8 });
  released: Fragment | undefined;
  station: StationInfo = { name: 'Test Radio', bitrateKbps: 128 };
  live = true;
  startedUtcMs: number | undefined = 0;
  readonly #onRelease = new Set<() => void>();
  readonly #onAppend = new Set<(fragment: Fragment) => void>();
  readonly #onAudio = new Set<(items: readonly AudioItem[]) => void>();

  get metadata(): TrackMetadata | undefined {
    return this.released?.metadata.at(-1)?.metadata ?? this.released?.openingMetadata;
  }

  /** Appends and releases at once. */
  push(fragment: Fragment): void {
    this.append(fragment);
    this.release(fragment);
  }

  append(fragment: Fragment): void {
    this.buffer.append(fragment);
    for (const listener of this.#onAppend) listener(fragment);
  }

  release(fragment: Fragment): void {
    this.released = fragment;
    for (const listener of this.#onRelease) listener();
  }

  onRelease(listener: () => void): () => void {
    this.#onRelease.add(listener);
    return () => this.#onRelease.delete(listener);
  }

  /** Frames as they arrive; they make no fragment here. */
  audio(items: readonly AudioItem[]): void {
    for (const listener of this.#onAudio) listener(items);
  }

  onAudio(listener: (items: readonly AudioItem[]) => void): () => void {
    this.#onAudio.add(listener);
    return () => this.#onAudio.delete(listener);
  }

  onAppend(listener: (fragment: Fragment) => void): () => void {
    this.#onAppend.add(listener);
    return () => this.#onAppend.delete(listener);
  }
}
