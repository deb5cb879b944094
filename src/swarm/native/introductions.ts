import { meetingKey } from '../../protocols/swarm/token.ts';
import { meetingAddress } from '../coordinator/meeting.ts';
import { SERVER } from '../schedule/swarm.ts';
import type { NativeMember } from './native-member.ts';

const MEETING_SECONDS = 3600;

/** What introductions say of the server, which is a giver too. */
export interface IntroductionsOptions {
  /** The secret of the server's own giving. */
  readonly serverSecret: Buffer;
  readonly givePort: () => number;
  /** The clock of meetings. */
  readonly nowSeconds: () => number;
}

/** Who was told where whom is. In place of a giver, undefined is the server. */
export class Introductions {
  readonly #options: IntroductionsOptions;

  constructor(options: IntroductionsOptions) {
    this.#options = options;
  }

  /** Sees to it that the two can meet: who can connect is told where the other is, once. Answers false when neither can. */
  introduce(giver: NativeMember | undefined, taker: NativeMember): boolean {
    if (taker.met.has(giver?.id ?? SERVER)) return true;
    const isTold =
      !giver || giver.isReachable ? this.#tell(taker, giver) : taker.isReachable && this.#tell(giver, taker);
    if (!isTold) return false;
    taker.met.add(giver?.id ?? SERVER);
    giver?.met.add(taker.id);
    return true;
  }

  /** Two whose transfer failed are introduced again before the next. */
  part(giver: NativeMember | undefined, taker: NativeMember): void {
    taker.met.delete(giver?.id ?? SERVER);
    giver?.met.delete(taker.id);
  }

  #tell(dialler: NativeMember, to: NativeMember | undefined): boolean {
    const { serverSecret, givePort, nowSeconds } = this.#options;
    const inside = { address: '127.0.0.1', reachedAt: '127.0.0.1', listenPort: givePort(), isInside: true };
    const where = to?.where ?? inside;
    const host = meetingAddress(where, dialler.where);
    if (host === undefined) return false;
    const expires = nowSeconds() + MEETING_SECONDS;
    const key = meetingKey(to?.secret ?? serverSecret, { dialler: dialler.id, expires });
    dialler.voice.tell({ type: 'meet', peer: to?.id ?? SERVER, host, port: where.listenPort, expires, key });
    return true;
  }
}
