import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { plainFmt, wavChunk, wavFile } from '../../../test/support/wav.ts';
import { allocateRing, RingReader, RingWriter, ringShape } from '../pace/ring.ts';
import { openWavFile } from '../wav-file.ts';
import { RawTrack } from './raw-track.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-raw-'));

function makeFile(name: string, frames: number) {
  const random = seededRandom(7);
  const data = Buffer.from(Array.from({ length: frames * 6 }, () => Math.floor(random() * 256)));
  const path = join(folder, name);
  writeFileSync(path, wavFile([wavChunk('fmt ', plainFmt({ rate: 44_100, bits: 24 })), wavChunk('data', data)]));
  return { path, data };
}

async function openTrack(path: string) {
  const track = new RawTrack(await openWavFile(path), 10_000);
  const shape = ringShape(16, track.cutter.datagramBytes);
  const memory = allocateRing(shape);
  return { track, writer: new RingWriter(memory, shape), reader: new RingReader(memory, shape) };
}

describe('a raw track', () => {
  it('puts the audio of the file into the ring, the last, shorter piece too', async () => {
    // Longer than a block, and not a whole number of datagrams.
    const { path, data } = makeFile('long.wav', 100_003);
    const { track, writer, reader } = await openTrack(path);
    const joined: Buffer[] = [];
    const slots = new Set<number>();
    for (let isOver = false; !reader.isOver; ) {
      if (!isOver) isOver = await track.fill(writer);
      slots.add(reader.slot);
      joined.push(Buffer.from(reader.packet.subarray(0, reader.bytes)));
      reader.release();
    }
    await track.file.close();
    expect(Buffer.concat(joined).equals(data)).toBe(true);
    expect([...slots]).toEqual(Array.from({ length: Math.ceil(100_003 / 441) }, (_, slot) => slot));
  });

  it('is over at once without audio', async () => {
    const { path } = makeFile('silent.wav', 0);
    const { track, writer, reader } = await openTrack(path);
    expect([await track.fill(writer), reader.isOver]).toEqual([true, true]);
    await track.file.close();
  });

  it('tells of a file that becomes shorter', async () => {
    const { path } = makeFile('cut.wav', 100_000);
    const { track, writer } = await openTrack(path);
    truncateSync(path, 1000);
    await expect(track.fill(writer)).rejects.toMatchObject({ code: 'TRACK_UNREADABLE', message: /become shorter/ });
    await track.file.close();
  });
});
