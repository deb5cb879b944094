import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { RepairAddress, Take as TakeAccount } from '../../tracks/proof/take-schema.ts';
import type { RepairOffers } from '../../tracks/record/repair-offers.ts';
import type { Take } from '../../tracks/record/take.ts';
import { announceRecorder, newRecorderId, type RepairReport, repairTake } from '../../tracks/repair/repair-take.ts';

/** `take.json` has so many. */
const MAX_SENDERS = 64;
const MAX_TRIES = 5;
const RETRY_MS = 5000;

/** What a take is repaired with. */
export interface RepairAtEndOptions {
  readonly take: Take;
  /** Where senders serve what was lost, by descriptions of now. */
  readonly offers: RepairOffers;
  /** Reads again what describes the flows: somebody unknown is heard. */
  readonly refresh: () => Promise<void>;
  readonly sharedKey: Buffer | undefined;
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
}

/**
 * Has those who sent a take fill what is missing in it, once it has ended. Tells them early that a recorder is there, so
 * that they wait for it at the end.
 */
export class RepairAtEnd {
  readonly #options: RepairAtEndOptions;
  readonly #recorderId = newRecorderId();
  /** Senders that were asked, and those that have answered what they send. */
  readonly #tries = new Map<string, { count: number; nextMs: number }>();
  readonly #answered = new Map<string, RepairAddress>();
  #refreshMs = Number.NEGATIVE_INFINITY;

  constructor(options: RepairAtEndOptions) {
    this.#options = options;
  }

  /** To be called now and then while the take goes on. */
  tick(): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const sender of this.#senders()) {
      const name = nameOf(sender);
      const tried = this.#tries.get(name) ?? { count: 0, nextMs: nowMs };
      if (this.#answered.has(name) || tried.count >= MAX_TRIES || nowMs < tried.nextMs) continue;
      this.#tries.set(name, { count: tried.count + 1, nextMs: nowMs + RETRY_MS });
      void this.#announce(sender, tried.count === 0);
    }
    if (nowMs - this.#refreshMs < RETRY_MS || !this.#hearsStranger()) return;
    this.#refreshMs = nowMs;
    this.#options.refresh().catch(() => undefined);
  }

  /** The account with those who can fill its gaps later, whatever key they want. */
  withSenders(account: TakeAccount): TakeAccount {
    const senders = this.#allSenders();
    return senders.length > 0 ? { ...account, repairFrom: senders } : account;
  }

  /** Repairs and proves the take, whose files are closed. Undefined when no sender serves what was lost. */
  async end(account: TakeAccount): Promise<RepairReport | undefined> {
    const { take, onNote, patienceMs, ...options } = this.#options;
    const senders = this.#senders();
    const folder = take.path;
    if (senders.length === 0 || folder === undefined) return undefined;
    try {
      await take.writeAccount(this.withSenders(account));
      return await repairTake({ ...options, folder, from: senders, patienceMs, recorderId: this.#recorderId, onNote });
    } catch (error) {
      onNote(`The take is not repaired: ${reasonOf(error)}`);
      return undefined;
    }
  }

  /** Those whose key we have. */
  #senders(): RepairAddress[] {
    return this.#allSenders().filter(({ key }) => key !== undefined || this.#options.sharedKey !== undefined);
  }

  async #announce(sender: RepairAddress, isFirst: boolean): Promise<void> {
    const { clock, sharedKey, onNote } = this.#options;
    try {
      const answer = await announceRecorder({ sender, recorderId: this.#recorderId, clock, sharedKey });
      if ('reason' in answer) {
        if (isFirst) onNote(`Repair: ${sender.host}:${sender.port}: ${answer.reason}.`);
      } else if (answer.offered.session === sender.session && this.#answered.size < MAX_SENDERS) {
        this.#answered.set(nameOf(sender), { ...sender, flows: answer.offered.flows });
      }
    } catch (error) {
      if (isFirst) onNote(`Repair: ${reasonOf(error)}`);
    }
  }

  /** Whether a flow that is served for repair comes from a session that no sender has told of: it was started again. */
  #hearsStranger(): boolean {
    const known = new Set([...this.#answered.values()].flatMap(({ flows = [] }) => flows.map(({ ssrc }) => ssrc)));
    const { take, offers } = this.#options;
    return take.flows.some(
      ({ spec, line }) => line.sender && offers.of(spec).length > 0 && !known.has(line.sender.ssrc),
    );
  }

  // The host is the one that is heard: what a description says of it would let strangers choose whom we call. The newest
  // comes first, as one before it may be gone.
  #allSenders(): RepairAddress[] {
    const senders = new Map<string, RepairAddress>();
    const { take, offers } = this.#options;
    const answered = new Map([...this.#answered.values()].map((sender) => [sender.session, sender]));
    for (const { spec, line } of take.flows) {
      const host = line.sender?.from;
      if (host === undefined) continue;
      for (const offer of offers.of(spec)) {
        const sender = answered.get(offer.session) ?? { host, ...offer };
        senders.set(nameOf(sender), sender);
      }
    }
    return [...senders.values()].slice(0, MAX_SENDERS);
  }
}

function nameOf({ host, port, session }: RepairAddress): string {
  return `${host} ${port} ${session}`;
}
