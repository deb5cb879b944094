import type { Clock } from '../../core/clock.ts';
import { rangeLength } from '../../protocols/pdtp/byte-range.ts';
import type { CompletedMessage } from '../../protocols/pdtp/messages.ts';
import type { FileTally } from '../view/file-tally.ts';
import type { Member, Transfer } from './member.ts';
import type { SaidMembers } from './said-members.ts';
import type { SharedFile } from './shared-file.ts';
import type { SwarmCounters } from './swarm-counters.ts';
import { reopen } from './transfers-under-way.ts';
import type { TrustGraph } from './trust-graph.ts';

/** How long a giver rests for a taker that it failed; doubles. */
const REST_MS = 2000;
const LONGEST_REST_MS = 120_000;
/** Takers that must agree before a giver is barred. */
const ACCUSERS_TO_BAR = 3;

/** How a transfer ended: `failed` by the taker's word, `gone` when nobody can tell any more. */
export type TransferOutcome = 'good' | 'wrong' | 'failed' | 'gone';

/** What a judge writes to. */
export interface TransferJudgeOptions {
  readonly clock: Clock;
  readonly counters: SwarmCounters;
  readonly trust: TrustGraph;
  readonly said: SaidMembers;
  readonly isHere: (member: Member) => boolean;
  readonly tallyOf: (file: SharedFile) => FileTally;
}

/** Draws the consequences of transfers that have ended: what counts, who is trusted, who rests, who gives no more. */
export class TransferJudge {
  readonly #options: TransferJudgeOptions;

  constructor(options: TransferJudgeOptions) {
    this.#options = options;
  }

  /** The taker has reported, and its hash was compared; it is told. */
  judge(transfer: Transfer, report: CompletedMessage, outcome: TransferOutcome): void {
    const { counters, trust, said, isHere } = this.#options;
    const { giver, taker } = transfer;
    if (isHere(taker)) said.say(taker, () => taker.voice.tellHash(report, outcome === 'good'));
    if (outcome === 'gone') return reopen(transfer);
    trust.enter(taker.id, giver.id, outcome === 'good');
    if (outcome === 'good') return this.#confirm(transfer);
    if (outcome === 'wrong') this.#accuse(transfer);
    else counters.failed++;
    reopen(transfer);
    this.rest(transfer);
  }

  /** The giver rests for the taker. What fails at the same time counts once. */
  rest({ giver, taker }: Transfer): void {
    const nowMs = this.#options.clock.nowMs();
    const rest = taker.resting.get(giver.id);
    if (rest && rest.untilMs > nowMs) return;
    const failures = (rest?.failures ?? 0) + 1;
    taker.resting.set(giver.id, {
      untilMs: nowMs + Math.min(LONGEST_REST_MS, REST_MS * 2 ** (failures - 1)),
      failures,
    });
  }

  #confirm({ giver, taker, sharedFile, chunk, range }: Transfer): void {
    const { counters, tallyOf } = this.#options;
    const bytes = rangeLength(range);
    giver.accusers.clear();
    taker.resting.delete(giver.id);
    giver.bytesGiven += bytes;
    taker.bytesTaken += bytes;
    counters.good++;
    tallyOf(sharedFile).confirmed(taker, bytes, giver.isInside);
    if (giver.isInside) counters.bytesFromServer += bytes;
    else counters.bytesFromPeers += bytes;
    const holding = taker.holdings.get(sharedFile.path);
    if (holding?.file !== sharedFile) return;
    holding.requested.remove(chunk);
    holding.open.remove(chunk);
    if (taker.listenPort > 0 && chunk >= sharedFile.firstChunk) holding.gives.add(chunk);
  }

  #accuse({ giver, taker }: Transfer): void {
    const { counters, said } = this.#options;
    counters.wrong++;
    if (giver.isInside) return;
    giver.accusers.add(taker.id);
    if (giver.accusers.size < ACCUSERS_TO_BAR || giver.isBarred) return;
    giver.isBarred = true;
    counters.barred++;
    said.say(giver, () => giver.voice.warn('Several peers had wrong bytes from you; you give no more'));
  }
}
