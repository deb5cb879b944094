import type { Socket } from 'node:net';
import type { ListenerInfo } from '../../modules/network.ts';

/** Why a listener left. */
export type LeaveReason = 'closed' | 'slow' | 'kicked' | 'shutdown';

/** One connected player. Small on purpose: there are thousands. */
export class Listener {
  readonly id: number;
  readonly socket: Socket;
  readonly address: string;
  readonly agent: string;
  readonly connectedMs: number;
  bytesSent = 0;
  /** When its socket stopped taking all that is written; 0 while it keeps up. */
  behindSinceMs = 0;
  /** The most bytes that were queued in one go. */
  largestWrite = 0;

  constructor(id: number, socket: Socket, address: string, agent: string, connectedMs: number) {
    this.id = id;
    this.socket = socket;
    this.address = address;
    this.agent = agent;
    this.connectedMs = connectedMs;
  }

  /** Queues shared bytes; they are not copied. */
  write(data: Buffer): void {
    this.bytesSent += data.length;
    if (data.length > this.largestWrite) this.largestWrite = data.length;
    this.socket.write(data);
  }

  info(): ListenerInfo {
    const { id, address, agent, connectedMs, bytesSent } = this;
    return { id, address, agent, connectedMs, bytesSent };
  }
}
