import { MAX_DUPLICATE_DELAY_MS, type RedundancyMeasure } from '../../plan/redundancy-measure.ts';

/** What was lost of a session in some seconds. */
export interface MeasuredLoss {
  /** 0 to 1, of the flow that is worst off. */
  readonly fraction: number;
  /** How many packets were lost in a row, on average; 1 and more. */
  readonly meanRun: number;
}

/** Less than this is what a request repairs easily. */
const WORTH_REPAIRING = 0.0005;
/** Parity repairs one packet of a group: with more loss, two of one group are lost too often. */
const PARITY_UP_TO = 0.05;
const SINGLE_RUN = 1.3;
const SHORTEST_DELAY_MS = 20;
/** So much longer than the mean run a delay has to be to outlive nearly all runs. */
const RUNS_OUTLIVED = 4;

/**
 * The measure for a loss: single packets get parity, in groups the smaller the more is lost; runs and heavy loss get
 * duplicates, the later the longer the runs are.
 */
export function measureFor({ fraction, meanRun }: MeasuredLoss, packetTimeMs: number): RedundancyMeasure {
  if (fraction < WORTH_REPAIRING) return { kind: 'none' };
  if (meanRun <= SINGLE_RUN && fraction <= PARITY_UP_TO) {
    return { kind: 'parity', packets: fraction < 0.005 ? 16 : fraction < 0.02 ? 10 : 5 };
  }
  const wanted = Math.ceil((RUNS_OUTLIVED * meanRun * packetTimeMs) / 10) * 10;
  return { kind: 'duplicate', delayMs: Math.min(MAX_DUPLICATE_DELAY_MS, Math.max(SHORTEST_DELAY_MS, wanted)) };
}

const FIRST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 1_800_000;

/**
 * Chooses again and again. More protection is taken at once, less only after a quiet time, which doubles each time that
 * less was too little: while duplicates repair, receivers report no loss.
 */
export class RedundancyChoice {
  readonly #packetTimeMs: number;
  #measure: RedundancyMeasure = { kind: 'none' };
  #quietSinceMs: number | undefined;
  #holdMs = FIRST_HOLD_MS;
  #hasSteppedDown = false;

  constructor(packetTimeMs: number) {
    this.#packetTimeMs = packetTimeMs;
  }

  get measure(): RedundancyMeasure {
    return this.#measure;
  }

  /** Takes what was measured since the last call. Answers a measure when it changes. */
  update(loss: MeasuredLoss, nowMs: number): RedundancyMeasure | undefined {
    const wanted = measureFor(loss, this.#packetTimeMs);
    if (strength(wanted) > strength(this.#measure)) {
      if (this.#hasSteppedDown) this.#holdMs = Math.min(LONGEST_HOLD_MS, this.#holdMs * 2);
      this.#hasSteppedDown = false;
      return this.#change(wanted);
    }
    if (loss.fraction >= WORTH_REPAIRING || this.#measure.kind === 'none') {
      this.#quietSinceMs = undefined;
      return undefined;
    }
    this.#quietSinceMs ??= nowMs;
    if (nowMs - this.#quietSinceMs < this.#holdMs) return undefined;
    this.#hasSteppedDown = true;
    return this.#change({ kind: 'none' });
  }

  #change(measure: RedundancyMeasure): RedundancyMeasure {
    this.#quietSinceMs = undefined;
    this.#measure = measure;
    return measure;
  }
}

/** Orders measures by how much loss they repair. */
function strength(measure: RedundancyMeasure): number {
  if (measure.kind === 'none') return 0;
  return measure.kind === 'parity' ? 1 / measure.packets : 1 + measure.delayMs;
}
