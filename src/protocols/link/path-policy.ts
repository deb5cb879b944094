import type { LinkPath } from './link-path.ts';

/**
 * How a session uses its paths. `race`: data goes by the best one, and by the next when an answer is late.
 * `duplicate`: everything goes by all. `spread`: each path takes its share by its rate.
 */
export type LinkPolicy = 'race' | 'duplicate' | 'spread';

/** A better path must be better by this much before data moves to it. */
const SWITCH_RATIO = 0.7;
const RELIABLE_PENALTY_MS = 20;
const RANK_PENALTY_MS = 50;

/** Chooses the path that data goes by. Keeps to one as long as none is clearly better. */
export class PathChooser {
  readonly #policy: LinkPolicy;
  #best: LinkPath | undefined;
  readonly #spent = new Map<LinkPath, number>(); // spread: time that each path's share has used up

  constructor(policy: LinkPolicy) {
    this.#policy = policy;
  }

  /** The path for the next new data among those that are alive, able to send or not; undefined: none lives. */
  choose(paths: Iterable<LinkPath>, canSend: (path: LinkPath) => boolean): LinkPath | undefined {
    if (this.#policy === 'spread') {
      const spent = (path: LinkPath) => this.#spent.get(path) ?? 0;
      return lowest(paths, spent, canSend) ?? lowest(paths, spent);
    }
    const best = lowest(paths, score);
    const isKept = this.#best?.state === 'alive';
    if (!isKept || (best && score(best) < score(this.#best!) * SWITCH_RATIO)) this.#best = best;
    return this.#best;
  }

  /** The path that hedges for `path`. */
  next(paths: Iterable<LinkPath>, path: LinkPath): LinkPath | undefined {
    return lowest(paths, score, (other) => other !== path);
  }

  /** Data went out by a path. */
  used(path: LinkPath, linkBytes: number): void {
    if (this.#policy !== 'spread') return;
    const floor = Math.max(0, ...this.#spent.values()) - 1;
    const spent = Math.max(this.#spent.get(path) ?? 0, floor);
    this.#spent.set(path, spent + linkBytes / path.rate.bytesPerSecond);
  }

  forget(path: LinkPath): void {
    if (this.#best === path) this.#best = undefined;
    this.#spent.delete(path);
  }
}

function score(path: LinkPath): number {
  const { isReliable, rank = 0 } = path.options;
  return path.rtt.smoothedMs + (isReliable ? RELIABLE_PENALTY_MS : 0) + rank * RANK_PENALTY_MS;
}

// Of the paths that are alive and that `may` allows.
function lowest(
  paths: Iterable<LinkPath>,
  of: (path: LinkPath) => number,
  may: (path: LinkPath) => boolean = () => true,
): LinkPath | undefined {
  let best: LinkPath | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const path of paths) {
    if (path.state !== 'alive' || !may(path)) continue;
    const value = of(path);
    if (best && value >= least) continue;
    best = path;
    least = value;
  }
  return best;
}
