import { systemClock } from '../../../src/core/clock.ts';
import { MessageSplitter } from '../../../src/protocols/swarm/framing.ts';
import { decodeLinkMessage, type LinkMessage } from '../../../src/protocols/swarm/link-messages.ts';
import type { Carrier, Line, LineEvents } from '../../../src/swarm/native/carrier.ts';
import { TlsCarrier } from '../../../src/swarm/native/tls-carrier.ts';

/** What becomes of a piece of data that is sent or received; undefined: it is lost. */
export type Alter = (piece: Buffer, data: LinkMessage & { type: 'data' }) => Buffer | undefined;

/** Lines over TLS of a peer that does not do what it should with the data that it sends. */
export class AlteredCarrier implements Carrier {
  readonly #tls = new TlsCarrier(systemClock);
  readonly #alterSent: Alter;

  constructor(alterSent: Alter) {
    this.#alterSent = alterSent;
  }

  listen(...[host, address, port]: Parameters<Carrier['listen']>): Promise<number> {
    const altered = {
      keyOf: (identity: string) => host.keyOf(identity),
      accept: (line: Line, identity: string): LineEvents => host.accept(this.#alter(line), identity),
    };
    return this.#tls.listen(altered, address, port);
  }

  async dial(...[target, events]: Parameters<Carrier['dial']>): Promise<Line> {
    return this.#alter(await this.#tls.dial(target, events));
  }

  close(): void {
    this.#tls.close();
  }

  #alter(line: Line): Line {
    return {
      close: () => line.close(),
      send: (bytes, onSent) => {
        const data = lastMessage(bytes);
        if (data?.type !== 'data') return line.send(bytes, onSent);
        const altered = this.#alterSent(bytes, data);
        return altered ? line.send(altered) : true;
      },
    };
  }
}

/** Changes a byte of every piece that is sent. */
export class PoisonCarrier extends AlteredCarrier {
  /** Chunks that were poisoned. */
  poisoned = 0;

  constructor() {
    super((piece, { offset }) => {
      if (offset === 0) this.poisoned++;
      const wrong = Buffer.from(piece);
      wrong[wrong.length - 1] = wrong[wrong.length - 1]! ^ 1;
      return wrong;
    });
  }
}

/** A giver without a limit writes all pieces of a chunk at once. */
function lastMessage(bytes: Buffer): LinkMessage | undefined {
  const messages = new MessageSplitter().push(Buffer.from(bytes));
  const last = messages.at(-1);
  return last && decodeLinkMessage(last);
}
