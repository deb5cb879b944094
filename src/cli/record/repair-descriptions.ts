import type { Clock } from '../../core/clock.ts';
import { Announcements } from '../../tracks/record/announcements.ts';
import { flowsOfFile, flowsOfSessions } from '../../tracks/record/find-flows.ts';
import type { FlowSpec } from '../../tracks/record/flow-spec.ts';
import { RepairOffers } from '../../tracks/record/repair-offers.ts';

/** Whose descriptions are followed while a take is recorded. */
export interface RepairDescriptionsOptions {
  readonly flows: readonly FlowSpec[];
  /** Files that describe them. */
  readonly files: readonly string[];
  /** Whether flows are added while it is recorded. */
  readonly takesMore: boolean;
  readonly clock: Clock;
  readonly localAddress: string | undefined;
}

/**
 * Where the senders of a take serve what was lost, also when one is started again, which has another key then: by what is
 * announced, and by the files with descriptions. From `open` to `close`.
 */
export class RepairDescriptions {
  readonly offers = new RepairOffers();
  readonly #files: readonly string[];
  #announcements: Announcements | undefined;

  private constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** Without a network that takes multicast, files are all there is. */
  static async open(options: RepairDescriptionsOptions): Promise<RepairDescriptions> {
    const { flows, files, takesMore, clock, localAddress } = options;
    const descriptions = new RepairDescriptions(files);
    const { offers } = descriptions;
    offers.note(flows);
    if (!takesMore && flows.every(({ repair }) => repair === undefined)) return descriptions;
    const announcements = await Announcements.open({ clock, localAddress }).catch(() => undefined);
    announcements?.handTo((sessions) => offers.note(flowsOfSessions(sessions, () => {})));
    descriptions.#announcements = announcements;
    return descriptions;
  }

  /** Reads the files again. One that cannot be read is as it was. */
  readonly refresh = async (): Promise<void> => {
    for (const file of this.#files) {
      this.offers.note(await flowsOfFile(file, () => {}).catch(() => []));
    }
  };

  close(): void {
    this.#announcements?.close();
  }
}
