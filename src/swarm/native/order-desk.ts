import { MAX_LIST } from '../../protocols/swarm/peer-messages.ts';
import { grantToken } from '../../protocols/swarm/token.ts';
import { SERVER } from '../schedule/swarm.ts';
import type { PlannedTransfer } from './conducted-file.ts';
import type { Introductions } from './introductions.ts';
import type { NativeMember } from './native-member.ts';

const ORDER_SECONDS = 60;

/** What orders are made of. */
export interface OrderDeskOptions {
  readonly introductions: Introductions;
  /** The secret of the server's own giving. */
  readonly serverSecret: Buffer;
  /** The clock of tokens. */
  readonly nowSeconds: () => number;
}

/** Tells takers what to ask of whom, with the token that allows it. */
export class OrderDesk {
  readonly #options: OrderDeskOptions;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
  }

  /** Orders transfers of a file. Answers those whose two may not be introduced. */
  order(file: number, transfers: readonly PlannedTransfer[]): PlannedTransfer[] {
    const ordered = new Set<NativeMember>();
    const refused: PlannedTransfer[] = [];
    for (const transfer of transfers) {
      if (this.#note(file, transfer)) ordered.add(transfer.taker);
      else refused.push(transfer);
    }
    for (const { orders, voice } of ordered) {
      while (orders.length > 0) voice.tell({ type: 'orders', orders: orders.splice(0, MAX_LIST) });
    }
    return refused;
  }

  #note(file: number, { giver, taker, chunk }: PlannedTransfer): boolean {
    const { introductions, serverSecret, nowSeconds } = this.#options;
    if (!introductions.introduce(giver, taker)) return false;
    const expires = nowSeconds() + ORDER_SECONDS;
    const grant = { giver: giver?.id ?? SERVER, taker: taker.id, file, chunk, expires };
    const token = grantToken(giver?.secret ?? serverSecret, grant);
    taker.orders.push({ file, giver: grant.giver, chunk, expires, token });
    return true;
  }
}
