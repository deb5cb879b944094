import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { ProtocolViolation, reasonOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ListenAddress, ShoutcastMount } from '../modules/network.ts';
import { HttpAtSourcePort, PasswordLineReader, SHOUTCAST_REFUSED } from '../protocols/shoutcast/source-login.ts';
import type { AddressMatcher } from './address.ts';
import { answerAndClose, refusalAnswer } from './answers.ts';
import { peerAddress } from './client-address.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import type { ConnectionCounters, Gate } from './gate.ts';
import { listenOn } from './listen.ts';

const PASSWORD_TIMEOUT_MS = 10_000;

/** What the port for SHOUTcast sources shares with its front. */
export interface ShoutcastPortOptions {
  /** The front's address with port + 1. */
  readonly address: ListenAddress;
  readonly clock: Clock;
  readonly log: Logger;
  readonly gate: Gate;
  readonly counters: ConnectionCounters;
  readonly failures: FailureLimiter;
  readonly denied: AddressMatcher;
}

/** The port on which SHOUTcast v1 sources log in: open while at least one mount is claimed. */
export class ShoutcastPort {
  readonly #options: ShoutcastPortOptions;
  readonly #mounts = new Set<ShoutcastMount>();
  #server: Server | undefined;
  #opening: Promise<unknown> | undefined;

  constructor(options: ShoutcastPortOptions) {
    this.#options = options;
  }

  /** Rejects with PORT_IN_USE and the like; the mount is then not claimed. */
  async claim(mount: ShoutcastMount): Promise<() => void> {
    this.#mounts.add(mount);
    const release = () => {
      this.#mounts.delete(mount);
      if (this.#mounts.size === 0) this.close();
    };
    try {
      this.#opening ??= this.#open();
      await this.#opening;
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Stops listening; connections that a mount owns stay. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#opening = undefined;
  }

  async #open(): Promise<void> {
    const { address, counters } = this.#options;
    const server = createServer({ noDelay: true, keepAlive: true });
    this.#server = server;
    server.on('connection', (socket) => this.#onConnection(socket));
    await listenOn(server, address);
    server.on('error', () => counters.refuse('accept-failed'));
    if (this.#server !== server) server.close();
  }

  #onConnection(socket: Socket): void {
    const { gate, counters, failures, denied, clock } = this.#options;
    const address = peerAddress(socket);
    const overLimit = gate.admit(socket, address, false);
    const reason = overLimit ?? (denied.has(address) ? 'denied' : undefined);
    const refusal = reason ?? (failures.isBlocked(address) ? 'too-many-failures' : undefined);
    if (!refusal) {
      new LoginConnection(socket, clock, (outcome) => this.#onLogin(socket, address, outcome));
      return;
    }
    counters.refuse(refusal);
    answerAndClose(socket, SHOUTCAST_REFUSED, clock);
  }

  #onLogin(socket: Socket, address: string, outcome: LoginOutcome): void {
    if (outcome instanceof ProtocolViolation) this.#onViolation(socket, outcome);
    else if (outcome === 'timeout') this.#onTimeout(socket);
    else this.#onPassword(socket, address, outcome);
  }

  #onPassword(socket: Socket, address: string, { password, rest }: { password: string; rest: Buffer }): void {
    const { counters, failures, clock, log } = this.#options;
    // all are asked, so that the time does not tell which mount it was
    const [mount] = [...this.#mounts].filter((each) => each.matches(password));
    if (!mount) {
      failures.count(address);
      counters.refuse('wrong-password');
      log.warn(`A SHOUTcast source at ${address} sent a wrong password`);
      answerAndClose(socket, SHOUTCAST_REFUSED, clock);
      return;
    }
    try {
      mount.acceptShoutcast(socket, rest, address);
    } catch (error) {
      log.error(`Taking a SHOUTcast source failed: ${reasonOf(error)}`);
      socket.destroy();
    }
  }

  #onViolation(socket: Socket, error: ProtocolViolation): void {
    const { counters, clock, address } = this.#options;
    counters.refuse('bad-head');
    const text = `This port is for SHOUTcast v1 sources; players and Icecast sources use port ${address.port - 1}.`;
    const isHttp = error instanceof HttpAtSourcePort;
    answerAndClose(socket, isHttp ? refusalAnswer(400, text) : SHOUTCAST_REFUSED, clock);
  }

  #onTimeout(socket: Socket): void {
    this.#options.counters.refuse('slow-head');
    socket.destroy();
  }
}

type LoginOutcome = { password: string; rest: Buffer } | ProtocolViolation | 'timeout';

/** A connection until its password line is read; then it is paused and without listeners of this class. */
class LoginConnection {
  constructor(socket: Socket, clock: Clock, onOutcome: (outcome: LoginOutcome) => void) {
    const reader = new PasswordLineReader();
    const finish = (outcome: LoginOutcome) => {
      detach();
      onOutcome(outcome);
    };
    const timer = clock.after(PASSWORD_TIMEOUT_MS, () => finish('timeout'));
    const onData = (chunk: Buffer) => {
      try {
        const line = reader.push(chunk);
        if (line) finish(line);
      } catch (error) {
        if (!(error instanceof ProtocolViolation)) throw error;
        finish(error);
      }
    };
    const detach = () => {
      timer.cancel();
      socket.off('data', onData);
      socket.off('close', detach);
      socket.pause();
    };
    socket.on('data', onData);
    socket.on('close', detach);
  }
}
