import { describe, expect, it } from 'vitest';
import { OpusPages } from '../../src/media/ogg/opus-pages.ts';
import { WebmFramer } from '../../src/media/webm/webm-framer.ts';
import { OggIntake } from '../../web/player/ogg/ogg-intake.ts';
import { OggPackets } from '../../web/player/ogg/packets.ts';
import { Splice } from '../../web/player/splice.ts';

/** Configuration 31, one frame: 20 ms. */
const TOC = 0xfc;
const PACKET_BYTES = 300;

function packet(number: number): Uint8Array {
  const bytes = new Uint8Array(PACKET_BYTES).fill(number % 251);
  bytes[0] = TOC;
  bytes.set([number >> 8, number & 255], 1);
  return bytes;
}

/** A run of a station: headers, and packets from one number to another. */
function station(from: number, to: number, serial = 7): Uint8Array<ArrayBuffer> {
  const pages = new OpusPages({ channels: 2, inputSampleRate: 48_000, vendor: 'x', serial, packetsPerPage: 5 });
  const parts: Uint8Array[] = [pages.headers];
  for (let number = from; number < to; number++) {
    const page = pages.push(packet(number), 960);
    if (page) parts.push(page);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Everything that the browser would be given. */
function player() {
  const intake = new OggIntake('opus');
  const splice = new Splice();
  const given: Uint8Array[] = [];
  return {
    splice,
    connect() {
      intake.begin();
      splice.begin(undefined);
    },
    push(data: Uint8Array<ArrayBuffer>, isUrgent = false) {
      const opened = intake.open(data);
      if (opened.length > 0) for (const part of splice.push(opened, isUrgent)) given.push(intake.close(part));
    },
    given: () => Buffer.concat(given),
  };
}

/** The numbers of the packets in WebM, by their bytes. */
function numbersIn(webm: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = webm.indexOf(0xa3); at >= 0; at = webm.indexOf(0xa3, at + 1)) {
    const start = at + 9;
    if (webm[at + 5] !== 0x81 || webm[start] !== TOC) continue;
    numbers.push(webm.readUInt16BE(start + 1));
    at = start + PACKET_BYTES - 1;
  }
  return numbers;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('packets of Ogg in the browser', () => {
  it('are the same however the bytes come', () => {
    const bytes = station(0, 40);
    const whole = new OggPackets().push(bytes);
    expect(whole).toHaveLength(42);
    for (const part of [1, 13, 255, 4096]) {
      const packets = new OggPackets();
      const got = [];
      for (let at = 0; at < bytes.length; at += part) got.push(...packets.push(bytes.slice(at, at + part)));
      expect(got).toEqual(whole);
    }
  });

  it('pass over what is no page', () => {
    const garbage = new Uint8Array(Buffer.concat([Buffer.from('OggOggS!no page'), station(0, 10)]));
    expect(new OggPackets().push(garbage)).toHaveLength(12);
  });
});

describe('Ogg as WebM', () => {
  it('is WebM that says how long it lasts', () => {
    const { connect, push, given } = player();
    connect();
    push(station(0, 100));
    const frames = new WebmFramer().push(given());
    expect(frames[0]!.format).toMatchObject({ codec: 'opus', sampleRate: 48_000, channels: 2 });
    expect(numbersIn(given())).toEqual(range(0, 100));
  });

  it('goes on at the very next packet of a station that was started anew, without its headers once more', () => {
    const { splice, connect, push, given } = player();
    connect();
    push(station(0, 100));
    connect();
    push(station(60, 160, 99));
    expect(splice.exactCount).toBe(1);
    expect(numbersIn(given())).toEqual(range(0, 160));
    expect(given().indexOf('OpusHead')).toBe(given().lastIndexOf('OpusHead'));
  });

  it('breaks when the place is not there and time runs out', () => {
    const { splice, connect, push, given } = player();
    connect();
    push(station(0, 100));
    connect();
    push(station(200, 210, 99));
    expect(numbersIn(given())).toEqual(range(0, 100));
    push(new Uint8Array(0), true);
    push(station(300, 305, 99), true);
    expect(splice.brokenCount).toBe(1);
    expect(numbersIn(given())).toEqual([...range(0, 100), ...range(200, 210), ...range(300, 305)]);
  });
});
