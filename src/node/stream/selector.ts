/** What the selector sees of an input; index 0 is the main input, then the fallbacks in their order. */
export interface Candidate {
  /** Audio came within the silence time. */
  readonly delivering: boolean;
  /** For how long it has delivered without a pause. */
  readonly deliveringMs: number;
  /** It is started only when needed. */
  readonly onDemand: boolean;
  readonly running: boolean;
}

/** What the selector decides from. */
export interface Situation {
  readonly candidates: readonly Candidate[];
  /** Index of the input that the outputs play, -1 before the first audio. */
  readonly active: number;
  /** Time since the active input (or, before the first audio, the stream) gave nothing. */
  readonly silentMs: number;
  /** Audio held ahead of the listeners. */
  readonly reserveMs: number;
  readonly silenceMs: number;
  /** The main input is not to be played although it may deliver. */
  readonly isMainRefused?: boolean;
}

/** What is to be done. */
export interface Decision {
  /** Index of the input to play. */
  readonly active: number;
  /** On-demand inputs that should run. */
  readonly wanted: readonly number[];
}

/** A better input must have delivered for so long before the stream goes back to it. */
const RETURN_AFTER_MS = 1000;
/** The fallback takes over when no more than this is left of the reserve. */
const TAKE_OVER_AT_MS = 1000;
/** On-demand inputs are started a little earlier, so that they have audio then. */
const PREPARE_AT_MS = 2500;

/** Chooses the input that a stream plays: the first that delivers, without flapping and not before the reserve is used up. */
export function selectInput(situation: Situation): Decision {
  const { candidates, active, isMainRefused = false, silenceMs } = situation;
  // Who is refused counts as silent, with nothing left of it.
  const isRefused = isMainRefused && active <= 0;
  const reserveMs = isRefused ? 0 : situation.reserveMs;
  const silent = isRefused || situation.silentMs >= silenceMs;
  const next = chooseActive(situation, silent && reserveMs <= TAKE_OVER_AT_MS);
  const wanted: number[] = [];
  const needsHelp = silent && reserveMs <= PREPARE_AT_MS;
  for (const [index, candidate] of candidates.entries()) {
    if (!candidate.onDemand) continue;
    if (index === 0 || index === next) wanted.push(index);
    else if (needsHelp || (candidate.running && silent)) wanted.push(index);
    // One that delivers is enough; a failing one does not keep the next from starting.
    if (wanted.includes(index) && index !== 0 && candidate.delivering) break;
  }
  return { active: next, wanted };
}

function chooseActive(situation: Situation, takeOver: boolean): number {
  const { candidates, active, isMainRefused = false } = situation;
  for (const [index, candidate] of candidates.entries()) {
    if (index === active || !candidate.delivering || (index === 0 && isMainRefused)) continue;
    if (index === 0 && active === -1) return 0;
    const better = active !== -1 && index < active && candidate.deliveringMs >= RETURN_AFTER_MS;
    if (better || takeOver) return index;
  }
  return active;
}
