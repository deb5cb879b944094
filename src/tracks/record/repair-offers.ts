import type { RepairOffer } from '../../protocols/repair/offer.ts';
import { type FlowSpec, placeOfFlow } from './flow-spec.ts';

/** Of one flow: a sender that is started again and again has another one each time. */
const MAX_OFFERS = 16;

/** Where senders of flows serve what was lost: by the descriptions of the beginning, and by those of later. */
export class RepairOffers {
  readonly #offers = new Map<string, RepairOffer[]>();

  /** Descriptions as they are now. */
  note(specs: readonly FlowSpec[]): void {
    for (const spec of specs) {
      const { repair } = spec;
      const known = this.#offers.get(placeOfFlow(spec)) ?? [];
      if (!repair || known.some((offer) => isSame(offer, repair))) continue;
      this.#offers.set(placeOfFlow(spec), [repair, ...known].slice(0, MAX_OFFERS));
    }
  }

  /** The offers of a flow, the newest first. */
  of(spec: FlowSpec): readonly RepairOffer[] {
    return this.#offers.get(placeOfFlow(spec)) ?? [];
  }
}

function isSame(one: RepairOffer, other: RepairOffer): boolean {
  return one.port === other.port && one.session === other.session && one.key === other.key;
}
