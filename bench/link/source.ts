import { createServer, type Server } from 'node:http';
import type { Writable } from 'node:stream';
import { patternBytes } from '../support/pattern.ts';
import { BYTES_PER_SECOND } from './player.ts';

const TICK_MS = 20;
const MAX_PIECE = 32_768;

/** A live source of the pattern: to whoever connects by HTTP, or into a pipe. It never waits. */
export class PatternSource {
  readonly startMs = performance.now();
  readonly #takers = new Map<Writable, number>();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);
  #server: Server | undefined;

  /** Serves it at `/live`; resolves with the port. */
  async listen(): Promise<number> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'audio/mpeg', 'icy-br': '128' });
      this.feed(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#server = server;
    return (server.address() as { port: number }).port;
  }

  /** Writes what is live from now on. */
  feed(taker: Writable): void {
    this.#takers.set(taker, this.#livePosition());
    taker.on('error', () => this.#takers.delete(taker));
    taker.on('close', () => this.#takers.delete(taker));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  #livePosition(): number {
    const bytes = ((performance.now() - this.startMs) * BYTES_PER_SECOND) / 1000;
    return Math.floor(bytes / 16) * 16;
  }

  #tick(): void {
    const live = this.#livePosition();
    for (const [taker, sent] of this.#takers) {
      for (let at = sent; at < live; at += MAX_PIECE) taker.write(patternBytes(at, Math.min(live, at + MAX_PIECE)));
      this.#takers.set(taker, live);
    }
  }
}
