import type { WavHead } from '../../src/media/wav/parse-head.ts';
import { WavHeadParser } from '../../src/media/wav/parse-head.ts';

/** One chunk with its pad byte; `size` tells another size than the body's. */
export function wavChunk(id: string, body: Buffer, size = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** A file of chunks; `id` and `size` tell another container. */
export function wavFile(chunks: readonly Buffer[], options: { id?: string; size?: number } = {}): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  const head = Buffer.alloc(8);
  head.write(options.id ?? 'RIFF', 0, 'latin1');
  head.writeUInt32LE(options.size ?? body.length, 4);
  return Buffer.concat([head, body]);
}

/** The 16 bytes of a plain `fmt ` body. */
export function plainFmt(
  options: { tag?: number; channels?: number; rate?: number; bits?: number; align?: number } = {},
) {
  const { tag = 1, channels = 2, rate = 48_000, bits = 16 } = options;
  const align = options.align ?? channels * Math.ceil(bits / 8);
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE(rate * align, 8);
  body.writeUInt16LE(align, 12);
  body.writeUInt16LE(bits, 14);
  return body;
}

/** The head of a file that is fed whole, or of the beginning of a larger one. */
export function headOf(bytes: Buffer, fileBytes = bytes.length): WavHead {
  const parser = new WavHeadParser({ fileBytes });
  return parser.push(bytes) ?? parser.end();
}
