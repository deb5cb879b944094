import { systemClock } from '../../../src/core/clock.ts';
import { MessageSplitter } from '../../../src/protocols/swarm/framing.ts';
import { decodeLinkMessage, type LinkMessage } from '../../../src/protocols/swarm/link-messages.ts';
import type { Carrier, Line } from '../../../src/swarm/native/carrier.ts';
import { TlsCarrier } from '../../../src/swarm/native/tls-carrier.ts';

/** Changes a byte of every piece that is sent. */
export class PoisonCarrier implements Carrier {
  /** Chunks that were poisoned. */
  poisoned = 0;
  readonly #tls = new TlsCarrier(systemClock);

  listen(...[host, address, port]: Parameters<Carrier['listen']>): Promise<number> {
    const poisoned = {
      keyOf: (identity: string) => host.keyOf(identity),
      accept: (line: Line, identity: string) => host.accept(this.#poison(line), identity),
    };
    return this.#tls.listen(poisoned, address, port);
  }

  async dial(...[target, events]: Parameters<Carrier['dial']>): Promise<Line> {
    return this.#poison(await this.#tls.dial(target, events));
  }

  close(): void {
    this.#tls.close();
  }

  #poison(line: Line): Line {
    return {
      close: () => line.close(),
      send: (bytes) => {
        const data = lastMessage(bytes);
        if (data?.type !== 'data') return line.send(bytes);
        const wrong = Buffer.from(bytes);
        wrong[wrong.length - 1] = wrong[wrong.length - 1]! ^ 1;
        if (data.offset === 0) this.poisoned++;
        return line.send(wrong);
      },
    };
  }
}

/** A giver writes a chunk's proof, if any, together with its first piece. */
function lastMessage(bytes: Buffer): LinkMessage | undefined {
  const messages = new MessageSplitter().push(Buffer.from(bytes));
  const last = messages.at(-1);
  return last && decodeLinkMessage(last);
}
