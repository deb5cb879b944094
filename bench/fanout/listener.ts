import { connect, type Socket } from 'node:net';
import { matchesPattern, patternPosition } from '../support/pattern.ts';

const HEAD_END = Buffer.from('\r\n\r\n');

/** One listener that checks every byte. */
export class CheckingListener {
  readonly #socket: Socket;
  readonly #startMs = performance.now();
  #head: Buffer | undefined = Buffer.alloc(0);
  #metaint = 0;
  #untilMetadata = 0;
  #metadataLeft = -1;
  #position = -1;
  #start: Buffer = Buffer.alloc(0);
  firstByteMs: number | undefined;
  audioBytes = 0;
  errors = 0;
  dropped = false;

  constructor(port: number, mount: string, icy: boolean, readBuffer: Buffer) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      // One buffer for all: what is read is checked before the next read.
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.#data(readBuffer.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.write(`GET ${mount} HTTP/1.0\r\nUser-Agent: bench\r\n${icy ? 'Icy-MetaData: 1\r\n' : ''}\r\n`);
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.dropped = true;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #data(data: Buffer): void {
    if (!this.#head) return this.#body(data);
    this.#head = Buffer.concat([this.#head, data]);
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const text = this.#head.toString('latin1', 0, end);
    if (!/^\S+ 200/.test(text)) this.errors++;
    this.#metaint = Number(/^icy-metaint: *(\d+)/im.exec(text)?.[1] ?? 0);
    this.#untilMetadata = this.#metaint;
    const rest = Buffer.from(this.#head.subarray(end + 4));
    this.#head = undefined;
    this.#body(rest);
  }

  #body(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.#metaint > 0 && this.#untilMetadata === 0) at = this.#metadata(data, at);
      else {
        const end = this.#metaint > 0 ? Math.min(data.length, at + this.#untilMetadata) : data.length;
        this.#audio(data.subarray(at, end));
        this.#untilMetadata -= end - at;
        at = end;
      }
    }
  }

  #metadata(data: Buffer, at: number): number {
    if (this.#metadataLeft < 0) {
      this.#metadataLeft = data[at]! * 16;
      at++;
    }
    const taken = Math.min(this.#metadataLeft, data.length - at);
    this.#metadataLeft -= taken;
    if (this.#metadataLeft === 0) {
      this.#metadataLeft = -1;
      this.#untilMetadata = this.#metaint;
    }
    return at + taken;
  }

  #audio(data: Buffer): void {
    if (data.length === 0) return;
    this.firstByteMs ??= performance.now() - this.#startMs;
    this.audioBytes += data.length;
    if (this.#position < 0) return this.#synchronise(data);
    if (!matchesPattern(data, this.#position)) {
      this.errors++;
      this.#position = -1;
      return this.#synchronise(data);
    }
    this.#position += data.length;
  }

  #synchronise(data: Buffer): void {
    this.#start = Buffer.concat([this.#start, data]);
    const position = patternPosition(this.#start);
    if (position < 0) return;
    if (!matchesPattern(this.#start, position)) this.errors++;
    this.#position = position + this.#start.length;
    this.#start = Buffer.alloc(0);
  }
}
