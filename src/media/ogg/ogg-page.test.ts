import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture } from '../../../test/support/audio.ts';
import { oggPage, opusHead, opusPacket } from '../../../test/support/ogg.ts';
import { identifyOggCodec, opusSamples } from './ogg-codec.ts';
import { endsInPacket, oggPageSize, packetsOf, parseOggPage } from './ogg-page.ts';

describe('Ogg pages', () => {
  it('reads the first page that oggenc wrote', () => {
    const file = audioFixture('vorbis.ogg');
    expect(oggPageSize(file, 0)).toBe(58);
    const page = parseOggPage(file.subarray(0, 58));
    expect(page).toMatchObject({ continued: false, isFirst: true, granule: 0, serial: 1, sequence: 0 });
    expect(identifyOggCodec(packetsOf([page!])[0]!)).toMatchObject({ codec: 'vorbis', sampleRate: 44100, channels: 2 });
  });

  it('says how many bytes it needs', () => {
    const page = oggPage(Buffer.alloc(700));
    expect(oggPageSize(page.subarray(0, 26), 0)).toBe(-27);
    expect(oggPageSize(page.subarray(0, 28), 0)).toBe(-30);
    expect(oggPageSize(page.subarray(0, 30), 0)).toBe(730);
  });

  it('refuses other versions, unknown flags and every flipped bit', () => {
    const page = oggPage(Buffer.from('some bytes'));
    expect(oggPageSize(Buffer.concat([page.subarray(0, 4), Buffer.from([1]), page.subarray(5)]), 0)).toBe(0);
    expect(oggPageSize(Buffer.concat([page.subarray(0, 5), Buffer.from([8]), page.subarray(6)]), 0)).toBe(0);
    expect(parseOggPage(page)).toBeDefined();
    for (let bit = 5 * 8; bit < page.length * 8; bit++) {
      const flipped = Buffer.from(page);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      if (oggPageSize(flipped, 0) === flipped.length) expect(parseOggPage(flipped)).toBeUndefined();
    }
  });

  it('tells no granule from an absurd one', () => {
    expect(parseOggPage(oggPage(Buffer.alloc(1), { granule: -1n }))!.granule).toBeUndefined();
    expect(parseOggPage(oggPage(Buffer.alloc(1), { granule: -(2n ** 63n) }))!.granule).toBeLessThan(0);
  });

  it('joins packets over pages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(600), { maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        (sizes, segmentsPerPage) => {
          const packets = sizes.map((size, index) => Buffer.alloc(size, index));
          const lacing = packets.flatMap(({ length }) => [...Array(Math.floor(length / 255)).fill(255), length % 255]);
          let rest = Buffer.concat(packets);
          const pages = [];
          for (let at = 0; at < lacing.length; at += segmentsPerPage) {
            const segments = lacing.slice(at, at + segmentsPerPage);
            const bytes = segments.reduce((sum, size) => sum + size, 0);
            pages.push(parseOggPage(oggPage(rest.subarray(0, bytes), { lacing: segments }))!);
            rest = rest.subarray(bytes);
          }
          expect(packetsOf(pages).map((packet) => packet.toString('latin1'))).toEqual(
            packets.map((packet) => packet.toString('latin1')),
          );
          if (pages.length > 0) expect(endsInPacket(pages[pages.length - 1]!)).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('identifyOggCodec', () => {
  it('reads Opus and FLAC', () => {
    expect(identifyOggCodec(opusHead(1, 3840))).toMatchObject({
      codec: 'opus',
      sampleRate: 48000,
      channels: 1,
      preSkip: 3840,
    });
    const flac = packetsOf([parseOggPage(audioFixture('flac.oga').subarray(0, 79))!])[0]!;
    expect(identifyOggCodec(flac)).toMatchObject({ codec: 'flac', sampleRate: 22050, channels: 1, headerPackets: 3 });
  });

  it('refuses what makes no sense', () => {
    expect(identifyOggCodec(opusHead(0))).toBeUndefined();
    expect(identifyOggCodec(opusHead().subarray(0, 18))).toBeUndefined();
    const vorbis = Buffer.alloc(30);
    vorbis.write('\x01vorbis', 'latin1');
    vorbis[11] = 2;
    vorbis.writeUInt32LE(0xffffffff, 12);
    expect(identifyOggCodec(vorbis)).toBeUndefined();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('\x01vorbis', 'OpusHead', '\x7fFLAC'),
        (bytes, magic) => {
          const found = identifyOggCodec(Buffer.concat([Buffer.from(magic, 'latin1'), bytes]));
          expect(found === undefined || found.sampleRate > 0).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('measures Opus packets by their first bytes', () => {
    expect(opusSamples(opusPacket())).toBe(960);
    expect(opusSamples(Buffer.from([0x00]))).toBe(480); // SILK, 10 ms
    expect(opusSamples(Buffer.from([0x19]))).toBe(5760); // SILK, 60 ms, twice
    expect(opusSamples(Buffer.from([0x68]))).toBe(960); // hybrid, 20 ms
    expect(opusSamples(Buffer.from([0x83, 0x05]))).toBe(600); // CELT, 2.5 ms, five times
    expect(opusSamples(Buffer.from([0xfb, 0x3f]))).toBe(5760); // more than the 120 ms that are allowed
    expect(opusSamples(Buffer.alloc(0))).toBe(0);
  });
});
