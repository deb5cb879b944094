import type { Clock } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { decodeLinkMessage, encodeLinkMessage } from '../../protocols/swarm/link-messages.ts';
import type { Carrier, Line, LineTarget } from './carrier.ts';

const ANSWER_MS = 3000;

/** Connects to a peer and asks for a nonce back, as others would connect to it. */
export class ReachProbes {
  readonly #clock: Clock;
  readonly #carrier: Carrier;

  constructor(clock: Clock, carrier: Carrier) {
    this.#clock = clock;
    this.#carrier = carrier;
  }

  /** True when the nonce came back. Never rejects. */
  probe(target: LineTarget, nonce: Buffer): Promise<boolean> {
    return new Promise((resolve) => {
      let line: Line | undefined;
      let isOver = false;
      const settle = (isReached: boolean) => {
        isOver = true;
        timer.cancel();
        line?.close();
        resolve(isReached);
      };
      const timer = this.#clock.after(ANSWER_MS, () => settle(false));
      const splitter = new MessageSplitter();
      const onData = (bytes: Buffer) => {
        try {
          const [first] = splitter.push(bytes);
          const message = first && decodeLinkMessage(first);
          if (message) settle(message.type === 'echo' && message.nonce.equals(nonce));
        } catch (error) {
          if (!(error instanceof ProtocolViolation)) throw error;
          settle(false);
        }
      };
      this.#carrier.dial(target, { onData, onDrain: () => {}, onClose: () => settle(false) }).then(
        (made) => {
          // A peer may let us wait longer than that, and would keep the line.
          if (isOver) return made.close();
          line = made;
          made.send(encodeLinkMessage({ type: 'probe', nonce }));
        },
        () => settle(false),
      );
    });
  }
}
