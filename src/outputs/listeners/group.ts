import type { TrackMetadata } from '../../core/fragment.ts';
import type { IcyTrack } from './icy-track.ts';
import type { Listener } from './listener.ts';

/** Listeners who are sent the same bytes: those without metadata, or those whose metadata blocks fall together. */
export interface ListenerGroup {
  /** Undefined: no inline metadata. */
  readonly track: IcyTrack | undefined;
  listeners: Listener[];
}

/** The groups of one output. Tracks that became equal are put together. */
export class ListenerGroups {
  #groups = new Map<string, ListenerGroup>();
  /** Bytes of the common wire stream so far; a track's phase against it never changes. */
  #wireBytes = 0;
  #shownIds = new WeakMap<TrackMetadata, number>();
  #nextShownId = 1;

  values(): Iterable<ListenerGroup> {
    return this.#groups.values();
  }

  /** How many different byte streams are made. */
  get count(): number {
    return this.#groups.size;
  }

  add(listener: Listener, track: IcyTrack | undefined): void {
    const key = this.#key(track);
    let group = this.#groups.get(key);
    if (!group) {
      group = { track: track && { ...track }, listeners: [] };
      this.#groups.set(key, group);
    }
    group.listeners.push(listener);
  }

  /** To be called after all groups moved on by a batch. */
  advanced(bytes: number): void {
    this.#wireBytes += bytes;
    const before = this.#groups;
    this.#groups = new Map();
    for (const group of before.values()) {
      if (group.listeners.length === 0) continue;
      const key = this.#key(group.track);
      const same = this.#groups.get(key);
      if (same) for (const listener of group.listeners) same.listeners.push(listener);
      else this.#groups.set(key, group);
    }
  }

  /** True when a listener who was sent so many bytes would share a group that already sends `shown`. */
  has(metaint: number, bytesSent: number, shown: TrackMetadata | undefined): boolean {
    if (bytesSent === 0) return false;
    return this.#groups.has(this.#key({ metaint, position: ((bytesSent - 1) % metaint) + 1, shown }));
  }

  /** Bytes, modulo the interval, after which a new listener shares the first group of that interval. */
  firstPosition(metaint: number): number | undefined {
    for (const { track } of this.#groups.values()) if (track?.metaint === metaint) return track.position % metaint;
    return undefined;
  }

  clear(): void {
    this.#groups.clear();
  }

  #key(track: IcyTrack | undefined): string {
    if (!track) return '';
    const { metaint, position, shown } = track;
    const phase = (((this.#wireBytes - position) % metaint) + metaint) % metaint;
    return `${metaint}/${phase}/${position === 0 ? 'new' : ''}/${this.#shownId(shown)}`;
  }

  #shownId(shown: TrackMetadata | undefined): number {
    if (!shown) return 0;
    let id = this.#shownIds.get(shown);
    if (!id) {
      id = this.#nextShownId++;
      this.#shownIds.set(shown, id);
    }
    return id;
  }
}
