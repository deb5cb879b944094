import type { Carrier, Line, LineEvents, LineHost, LineTarget } from '../../src/swarm/native/carrier.ts';

/** Carriers of one process: ports are numbers in a shared table, bytes arrive in a later turn. */
export class MemoryLineCarrier implements Carrier {
  readonly #ports: Map<number, LineHost>;
  #port = 0;

  constructor(ports: Map<number, LineHost>) {
    this.#ports = ports;
  }

  async listen(host: LineHost, _address: string, firstPort: number): Promise<number> {
    this.#port = firstPort;
    this.#ports.set(firstPort, host);
    return firstPort;
  }

  async dial({ port, identity, key }: LineTarget, events: LineEvents): Promise<Line> {
    const host = this.#ports.get(port);
    if (!host?.keyOf(identity)?.equals(key)) throw new Error('no line');
    const far: { events?: LineEvents } = {};
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      queueMicrotask(() => far.events?.onClose());
      queueMicrotask(() => events.onClose());
    };
    const deliver = (to: () => LineEvents | undefined) => (bytes: Buffer, onSent?: () => void) => {
      const copy = Buffer.from(bytes);
      if (onSent) {
        bytes.fill(0);
        onSent();
      }
      queueMicrotask(() => isOpen && to()?.onData(copy));
      return true;
    };
    const line = { send: deliver(() => far.events), close };
    queueMicrotask(() => {
      far.events = host.accept({ send: deliver(() => events), close }, identity);
    });
    return line;
  }

  close(): void {
    this.#ports.delete(this.#port);
  }
}
