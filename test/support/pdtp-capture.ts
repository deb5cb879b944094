import { existsSync, readFileSync } from 'node:fs';

/** One side of a recorded session of DistribuStream 0.1.0 (test/captures/pdtp); empty when it said nothing. */
export function pdtpCapture(name: string): Buffer {
  const file = new URL(`../captures/pdtp/${name}.bin`, import.meta.url);
  return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
}

/** The messages of a recorded connection, without line ends; the last one may have none. */
export function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.replace(/\r$/, ''));
}

/** The same messages with lengths in front of them, as dialect 2 has them. */
export function asDialect2(lines: readonly string[]): Buffer {
  return Buffer.concat(
    lines.flatMap((line) => {
      const body = Buffer.from(line.replace(/^\["client_info"/, '["register"'));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(body.length);
      return [length, body];
    }),
  );
}
