import type { Socket } from 'node:net';
import { prefixKey } from './address.ts';

/** How much one port takes. */
export interface PortLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Connections at once from one address (a /64 counts as one). */
  readonly connectionsPerAddress: number;
  /** Listeners at once from one address. */
  readonly listenersPerAddress: number;
}

/** Totals and gauges of all ports, for metrics. */
export class ConnectionCounters {
  /** Open now. */
  connections = 0;
  connectionsTotal = 0;
  readonly #refused = new Map<RefusalReason, number>();

  /** Counts one that was turned away; gives how many there were for that reason. */
  refuse(reason: RefusalReason): number {
    const count = (this.#refused.get(reason) ?? 0) + 1;
    this.#refused.set(reason, count);
    return count;
  }

  get refusedTotal(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refused);
  }
}

/** Why a connection or request was turned away. */
export type RefusalReason =
  | 'limit'
  | 'limit-per-address'
  | 'listeners-per-address'
  | 'denied'
  | 'too-many-failures'
  | 'bad-head'
  | 'slow-head'
  | 'slow-reader'
  | 'no-tls'
  | 'failed-tls'
  | 'unknown-mount'
  | 'wrong-password'
  | 'accept-failed';

/** What a socket counts for; kept on the socket, so that no closure is needed for each. */
const ADMISSION = Symbol('admission');
type AdmittedSocket = Socket & { [ADMISSION]?: { readonly gate: Gate; readonly key: string | undefined } };
const LISTENING = Symbol('listening');
type ListeningSocket = Socket & { [LISTENING]?: { readonly gate: Gate; readonly key: string } };

function onClose(this: Socket): void {
  const admission = (this as AdmittedSocket)[ADMISSION];
  admission?.gate.release(this, admission.key);
}

function onListenerClose(this: Socket): void {
  const listening = (this as ListeningSocket)[LISTENING];
  listening?.gate.releaseListener(listening.key);
}

/** Errors are followed by `close`; whoever owns the socket sees that. */
function ignoreError(): void {}

/** Admits connections within the limits of one port and knows all that are open, whoever owns them. */
export class Gate {
  readonly #limits: PortLimits;
  readonly #counters: ConnectionCounters;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new KeyedCounts();
  readonly #listenersByAddress = new KeyedCounts();

  constructor(limits: PortLimits, counters: ConnectionCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /**
   * Counts a new connection until it closes, and keeps its errors from ending the process. Gives the reason when it
   * is above a limit; it is then counted all the same and is to be closed.
   * @param exempt a trusted proxy, which speaks for many
   */
  admit(socket: Socket, address: string, exempt: boolean): 'limit' | 'limit-per-address' | undefined {
    const key = exempt ? undefined : prefixKey(address);
    (socket as AdmittedSocket)[ADMISSION] = { gate: this, key };
    this.#sockets.add(socket);
    this.#counters.connections++;
    this.#counters.connectionsTotal++;
    const sameAddress = key === undefined ? 0 : this.#byAddress.add(key);
    socket.on('error', ignoreError);
    socket.on('close', onClose);
    if (this.#sockets.size > this.#limits.connections) return 'limit';
    return sameAddress > this.#limits.connectionsPerAddress ? 'limit-per-address' : undefined;
  }

  /** Counts a listener until its socket closes; false, and not counted, when its address has too many. */
  admitListener(socket: Socket, address: string): boolean {
    const key = prefixKey(address);
    if (this.#listenersByAddress.count(key) >= this.#limits.listenersPerAddress) return false;
    this.#listenersByAddress.add(key);
    (socket as ListeningSocket)[LISTENING] = { gate: this, key };
    socket.on('close', onListenerClose);
    return true;
  }

  release(socket: Socket, key: string | undefined): void {
    if (!this.#sockets.delete(socket)) return;
    this.#counters.connections--;
    if (key !== undefined) this.#byAddress.remove(key);
  }

  releaseListener(key: string): void {
    this.#listenersByAddress.remove(key);
  }

  /** Closes every connection at once, also those that were handed over. */
  destroyAll(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }
}

class KeyedCounts {
  readonly #counts = new Map<string, number>();

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): number {
    const count = this.count(key) + 1;
    this.#counts.set(key, count);
    return count;
  }

  remove(key: string): void {
    const count = this.count(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
