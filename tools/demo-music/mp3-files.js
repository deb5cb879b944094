/** Containers of the demo music: WAV out, MP3 frames cut into tagged files. */
import { SAMPLE_RATE } from './dsp.js';

/** A stereo track as a 16-bit WAV file, dithered with triangular noise from `random`. */
export function wavFile(track, random) {
  const audio = Buffer.alloc(track.length * 4);
  for (let index = 0; index < track.length; index++) {
    for (const [channel, side] of [track.left, track.right].entries()) {
      const sample = Math.round(side[index] * 32_767 + random() - random());
      audio.writeInt16LE(Math.max(-32_768, Math.min(32_767, sample)), index * 4 + channel * 2);
    }
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + audio.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(SAMPLE_RATE, 24);
  head.writeUInt32LE(SAMPLE_RATE * 4, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(audio.length, 40);
  return Buffer.concat([head, audio]);
}

/** The frames of an MPEG-1 layer III stream of 128 kbit/s at 44.1 kHz. Throws when a frame is anything else. */
export function splitFrames(mp3) {
  const frames = [];
  for (let at = 0; at < mp3.length; ) {
    const header = mp3.readUInt32BE(at);
    if ((header & 0xfffefc00) >>> 0 !== 0xfffa9000) throw new Error(`no frame of 128 kbit/s at byte ${at}`);
    const length = 417 + ((header >>> 9) & 1);
    frames.push(mp3.subarray(at, at + length));
    at += length;
  }
  return frames;
}

function textFrame(id, text) {
  const body = Buffer.from(`\u0000${text}`, 'latin1');
  const head = Buffer.alloc(10);
  head.write(id, 0, 'latin1');
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** An ID3v2.3 tag with the given text frames (ASCII only). */
export function id3Tag(fields) {
  const body = Buffer.concat(Object.entries(fields).map(([id, text]) => textFrame(id, text)));
  const head = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, body.length >> 7, body.length & 0x7f]);
  return Buffer.concat([head, body]);
}
