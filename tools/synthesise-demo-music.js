/**
 * Makes the music of the demo: synthesises three pieces that follow each other without a seam, encodes them with
 * `lame` and writes assets/demo/*.mp3. The result is committed, so only who changes the music needs `lame`.
 *
 *   node tools/synthesise-demo-music.js [folder]
 *
 * The pieces form one ring: what rings on at the end of the last one sounds at the start of the first. The ring is
 * encoded twice over and the second round is cut at frame borders, so the encoder's delay and padding are in none of
 * the files. Frames use no bit reservoir: each stands alone, at a loop and at a join.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { master, pingPong, reverberate, SAMPLE_RATE, seededRandom, Track } from './demo-music/dsp.js';
import { id3Tag, splitFrames, wavFile } from './demo-music/mp3-files.js';
import { PIECES } from './demo-music/pieces.js';

const SEED = 20_26;
const SAMPLES_PER_FRAME = 1152;
const PEAK = 0.8;

function framesOf(piece) {
  return Math.round((piece.beats * piece.beatSeconds * SAMPLE_RATE) / SAMPLES_PER_FRAME);
}

function compose(random) {
  const total = PIECES.reduce((sum, piece) => sum + framesOf(piece), 0) * SAMPLES_PER_FRAME;
  const tracks = { dry: new Track(total), soft: new Track(total), echoed: new Track(total) };
  let start = 0;
  for (const piece of PIECES) {
    piece.write({ tracks, start, random });
    start += piece.beats * piece.beatSeconds;
  }
  const echoes = pingPong(tracks.echoed, 0.48, 0.42);
  tracks.soft.mix(tracks.echoed, 1);
  tracks.soft.mix(echoes, 0.45);
  const mixed = new Track(total);
  mixed.mix(tracks.dry, 1);
  mixed.mix(tracks.soft, 1);
  mixed.mix(reverberate(tracks.soft), 1.1);
  return master(mixed, 1.25, PEAK);
}

function twice(track) {
  const doubled = new Track(track.length * 2);
  for (const side of ['left', 'right']) {
    doubled[side].set(track[side], 0);
    doubled[side].set(track[side], track.length);
  }
  return doubled;
}

function encode(wav) {
  const folder = mkdtempSync(join(tmpdir(), 'demo-music-'));
  try {
    writeFileSync(join(folder, 'ring.wav'), wav);
    const options = ['--quiet', '--cbr', '-b', '128', '-m', 'j', '-q', '0', '--nores', '-t', '--resample', '44.1'];
    execFileSync('lame', [...options, join(folder, 'ring.wav'), join(folder, 'ring.mp3')]);
    return splitFrames(readFileSync(join(folder, 'ring.mp3')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writePieces(folder, frames, ringFrames) {
  mkdirSync(folder, { recursive: true });
  let from = ringFrames;
  for (const [index, piece] of PIECES.entries()) {
    const count = framesOf(piece);
    const tag = id3Tag({
      TIT2: piece.title,
      TPE1: 'distream',
      TALB: 'Music for an unstable line',
      TRCK: `${index + 1}/${PIECES.length}`,
      TYER: '2026',
      TCOP: '2026 the distream authors, MIT licence',
    });
    const name = `${index + 1}-${piece.title.toLowerCase().replaceAll(' ', '-')}.mp3`;
    writeFileSync(join(folder, name), Buffer.concat([tag, ...frames.slice(from, from + count)]));
    from += count;
  }
}

const random = seededRandom(SEED);
const ring = compose(random);
const frames = encode(wavFile(twice(ring), random));
writePieces(process.argv[2] ?? 'assets/demo', frames, ring.length / SAMPLES_PER_FRAME);
