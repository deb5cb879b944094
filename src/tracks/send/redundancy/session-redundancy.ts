import type { Clock, Timer } from '../../../core/clock.ts';
import {
  FIXED_MEASURES,
  measureText,
  type RedundancyMeasure,
  type RedundancyMode,
} from '../../plan/redundancy-measure.ts';
import { RedundancyChoice } from './choose.ts';
import { type FlowLosses, LossMeter } from './loss-meter.ts';
import type { RedundantFlow } from './redundant-flow.ts';

/** What the redundancy of a session is steered by. */
export interface SessionRedundancyOptions {
  readonly mode: RedundancyMode;
  /** One for each flow; none when the mode is `none`. */
  readonly flows: readonly RedundantFlow[];
  readonly packetTimeMs: number;
  readonly clock: Clock;
  /** Of each flow, what was sent and lost until now. */
  readonly losses: () => readonly FlowLosses[];
  readonly onNote: (text: string) => void;
}

const LOOK_EVERY_MS = 5000;

/** Sets the measure of all flows: once for a fixed mode, again and again for `auto`. */
export class SessionRedundancy {
  readonly #options: SessionRedundancyOptions;
  readonly #choice: RedundancyChoice;
  readonly #meter = new LossMeter();
  #measure: RedundancyMeasure;
  #timer: Timer | undefined;

  constructor(options: SessionRedundancyOptions) {
    this.#options = options;
    this.#choice = new RedundancyChoice(options.packetTimeMs);
    this.#measure = FIXED_MEASURES[options.mode];
    this.#apply();
  }

  /** What is sent now. */
  get measure(): RedundancyMeasure {
    return this.#measure;
  }

  /** Begins to look at the loss, where that decides. */
  start(): void {
    if (this.#options.mode === 'auto') this.#timer = this.#options.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { losses, clock, onNote } = this.#options;
    const loss = this.#meter.measure(losses());
    const measure = this.#choice.update(loss, clock.nowMs());
    if (!measure) return;
    this.#measure = measure;
    this.#apply();
    const percent = (loss.fraction * 100).toFixed(2);
    onNote(`Redundancy: ${measureText(measure)} from now on; ${percent} % of the packets were lost.`);
  }

  #apply(): void {
    for (const flow of this.#options.flows) flow.measure = this.#measure;
  }
}
