/**
 * A line that fails on purpose: a TCP proxy in this process. While it is black nothing
 * passes in either direction, no connection is closed and a new one gets no answer, as
 * on a radio link in the rain. Only the demo uses it.
 * @module
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Outage } from './outages.ts';

/** Connections at once; more are refused. */
const MAX_CONNECTIONS = 64;
/** While packets are lost, so long passes whole or not at all. */
const LOSS_SLOT_MS = 250;

/** What the line tells when it changes. */
export type LineEvent =
  | { readonly state: 'down'; readonly plannedMs: number }
  | { readonly state: 'up'; readonly downMs: number; readonly killedConnections: number };

/** The line now. */
export interface LineReport {
  readonly state: 'up' | 'down';
  /** Time in that state. */
  readonly sinceMs: number;
  /** Outages so far, the current one included. */
  readonly outages: number;
  /** Time spent black, the current outage included. */
  readonly totalDownMs: number;
}

/** What an `UnstableLine` is made of. */
export interface UnstableLineOptions {
  /** Where the line leads. */
  readonly target: { readonly host: string; readonly port: number };
  /** When it fails; it is stable when the row ends. */
  readonly schedule: Iterator<Outage>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChange: (event: LineEvent) => void;
}

interface Connection {
  readonly near: Socket;
  /** Undefined until it is connected through. */
  far: Socket | undefined;
}

/** The line. `start` opens it, `stop` closes it and everything on it. */
export class UnstableLine {
  readonly #options: UnstableLineOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Sockets to end when the line is back. */
  readonly #heldEnds: Socket[] = [];
  #state: 'up' | 'down' = 'up';
  #changedMs: number;
  #upAtMs = 0; // when the current outage ends
  #killsConnections = false;
  #outages = 0;
  #downMs = 0; // without the current outage
  #timer: Timer | undefined;
  /** Ends a time of loss; set while there is one. */
  #lossTimer: Timer | undefined;
  #lossEndsAtMs = 0;
  /** The line stands still for a moment, as TCP does while it sends again what was lost. */
  #isStalled = false;

  constructor(options: UnstableLineOptions) {
    this.#options = options;
    this.#changedMs = options.clock.nowMs();
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Opens the near end on loopback and resolves with its port. */
  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    this.#server.on('error', (error) => this.#options.log.warn('the unstable line failed', { reason: error.message }));
    this.#changedMs = this.#options.clock.nowMs();
    this.#planOutage();
    return (this.#server.address() as { port: number }).port;
  }

  /** Makes the line black now for `durationMs`, or longer when it is black already; connections live on. */
  cut(durationMs: number): void {
    const endMs = this.#options.clock.nowMs() + durationMs;
    if (this.#state === 'up') this.#goBlack({ downMs: durationMs, killsConnections: false });
    else if (endMs > this.#upAtMs) this.#comeBackAt(endMs);
  }

  /**
   * Loses that share of the packets for `durationMs`. The line carries TCP, which hides loss behind waiting: so each
   * quarter of a second passes whole or not at all, and not at all as often as `percent` says.
   * @param random 0 to 1
   */
  lose(percent: number, durationMs: number, random: () => number): void {
    this.#lossTimer?.cancel();
    this.#lossEndsAtMs = this.#options.clock.nowMs() + durationMs;
    this.#lossTimer = this.#options.clock.every(LOSS_SLOT_MS, () => {
      const isOver = this.#options.clock.nowMs() >= this.#lossEndsAtMs;
      if (isOver) this.#endLoss();
      else this.#stall(random() * 100 < percent);
    });
    this.#stall(random() * 100 < percent);
  }

  /** Every connection dies at once, as when this machine gets another address; new ones pass. */
  changeAddress(): number {
    const count = this.#connections.size;
    for (const connection of [...this.#connections]) kill(connection);
    this.#connections.clear();
    return count;
  }

  /** Mends what was broken by hand, and an outage that lasts; planned outages go on. */
  mend(): void {
    this.#endLoss();
    if (this.#state === 'up') return;
    this.#timer?.cancel();
    this.#goUp();
  }

  /** True from `lose` until its time is over. */
  get isLossy(): boolean {
    return this.#lossTimer !== undefined;
  }

  #endLoss(): void {
    this.#lossTimer?.cancel();
    this.#lossTimer = undefined;
    this.#stall(false);
  }

  #stall(isStalled: boolean): void {
    if (this.#isStalled === isStalled) return;
    this.#isStalled = isStalled;
    if (this.#state === 'down') return;
    for (const { near, far } of this.#connections) {
      if (!far) continue;
      for (const socket of [near, far]) isStalled ? socket.pause() : socket.resume();
    }
  }

  report(): LineReport {
    const sinceMs = this.#options.clock.nowMs() - this.#changedMs;
    const currentMs = this.#state === 'down' ? sinceMs : 0;
    return { state: this.#state, sinceMs, outages: this.#outages, totalDownMs: this.#downMs + currentMs };
  }

  /** Closes the line and every connection on it, and cancels what is planned. */
  stop(): void {
    this.#timer?.cancel();
    this.#lossTimer?.cancel();
    this.#server.close();
    for (const connection of this.#connections) kill(connection);
    this.#connections.clear();
  }

  #planOutage(): void {
    const next = this.#options.schedule.next();
    if (next.done) return;
    this.#timer = this.#options.clock.after(next.value.upMs, () => this.#goBlack(next.value));
  }

  #goBlack(outage: Pick<Outage, 'downMs' | 'killsConnections'>): void {
    this.#state = 'down';
    this.#changedMs = this.#options.clock.nowMs();
    this.#killsConnections = outage.killsConnections;
    this.#outages++;
    for (const { near, far } of this.#connections) {
      near.pause();
      far?.pause();
    }
    this.#comeBackAt(this.#changedMs + outage.downMs);
    this.#options.onChange({ state: 'down', plannedMs: outage.downMs });
  }

  #comeBackAt(timeMs: number): void {
    this.#timer?.cancel();
    this.#upAtMs = timeMs;
    this.#timer = this.#options.clock.after(timeMs - this.#options.clock.nowMs(), () => this.#goUp());
  }

  #goUp(): void {
    const downMs = this.#options.clock.nowMs() - this.#changedMs;
    this.#state = 'up';
    this.#changedMs = this.#options.clock.nowMs();
    this.#downMs += downMs;
    const killedConnections = this.#reviveConnections();
    for (const socket of this.#heldEnds.splice(0)) socket.end();
    this.#planOutage();
    this.#options.onChange({ state: 'up', downMs, killedConnections });
  }

  /** Lets each connection go on, or kills those from before the outage. Returns how many died. */
  #reviveConnections(): number {
    let killed = 0;
    for (const connection of this.#connections) {
      if (!connection.far) this.#connectThrough(connection);
      else if (this.#killsConnections || connection.near.destroyed || connection.far.destroyed) {
        killed++;
        kill(connection);
        this.#connections.delete(connection);
      } else if (!this.#isStalled) {
        connection.near.resume();
        connection.far.resume();
      }
    }
    return killed;
  }

  #accept(near: Socket): void {
    const connection: Connection = { near, far: undefined };
    this.#connections.add(connection);
    this.#endTogether(near, connection);
    if (this.#state === 'up') this.#connectThrough(connection);
  }

  #connectThrough(connection: Connection): void {
    const far = connect({ ...this.#options.target, allowHalfOpen: true });
    connection.far = far;
    this.#endTogether(far, connection);
    this.#pass(connection.near, far);
    this.#pass(far, connection.near);
    if (this.#passes) connection.near.resume();
  }

  get #passes(): boolean {
    return this.#state === 'up' && !this.#isStalled;
  }

  /** Carries bytes and the end from one socket to the other while the line is up. */
  #pass(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (this.#passes) from.resume();
    });
    // A paused socket still tells its end when nothing is buffered.
    from.on('end', () => (this.#state === 'up' ? to.end() : this.#heldEnds.push(to)));
  }

  /** A closed side closes the other, but not while the line is black: then nobody learns of it. */
  #endTogether(socket: Socket, connection: Connection): void {
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      if (this.#state === 'down' && connection.far) return;
      kill(connection);
      this.#connections.delete(connection);
    });
  }
}

function kill({ near, far }: Connection): void {
  near.destroy();
  far?.destroy();
}
