import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { RepairAddress, Take as TakeAccount } from '../../tracks/proof/take-schema.ts';
import type { Take } from '../../tracks/record/take.ts';
import { announceRecorder, newRecorderId, type RepairReport, repairTake } from '../../tracks/repair/repair-take.ts';

/** What a take is repaired with. */
export interface RepairAtEndOptions {
  readonly take: Take;
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
  readonly #announced = new Set<string>();

  constructor(options: RepairAtEndOptions) {
    this.#options = options;
  }

  /** To be called now and then while the take goes on. */
  tick(): void {
    for (const sender of this.#senders()) {
      const name = `${sender.host}:${sender.port} ${sender.session}`;
      if (this.#announced.has(name)) continue;
      this.#announced.add(name);
      const { clock, sharedKey, onNote } = this.#options;
      announceRecorder({ sender, recorderId: this.#recorderId, clock, sharedKey }).then(
        (reason) => {
          if (reason !== undefined) onNote(`Repair: ${sender.host}:${sender.port}: ${reason}.`);
        },
        (error: unknown) => onNote(`Repair: ${reasonOf(error)}`),
      );
    }
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

  // The host is the one that is heard: what a description says of it would let strangers choose whom we call.
  #allSenders(): RepairAddress[] {
    const senders = new Map<string, RepairAddress>();
    for (const { spec, line } of this.#options.take.flows) {
      const host = line.sender?.from;
      if (host === undefined || spec.repair === undefined) continue;
      const sender = { host, ...spec.repair };
      senders.set(`${host} ${sender.port} ${sender.session}`, sender);
    }
    return [...senders.values()];
  }
}
