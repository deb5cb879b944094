/** Three short pieces, written as notes. A piece lays its sounds on the common tracks from its own start time. */
import { bass, bell, brush, electricPiano, kick, pad, pluck, shaker } from './instruments.js';

/** Writes `events` of [beat, note, beats, velocity] with an instrument. */
function play(events, beatSeconds, sound) {
  for (const [beat, note, beats, velocity = 1] of events)
    sound(beat * beatSeconds, note, beats * beatSeconds, velocity);
}

function shiftBeats(events, beats) {
  return events.map(([beat, ...rest]) => [beat + beats, ...rest]);
}

/** A calm night piece: pads, a plucked figure in eighths, bass and a light beat. 16 bars of 4 beats. */
const harbourLights = {
  title: 'Harbour lights',
  beatSeconds: 0.64,
  beats: 64,
  write({ tracks, start, random }) {
    const beat = this.beatSeconds;
    const chords = [
      { root: 38, pad: [57, 62, 66, 73], figure: [62, 69, 73, 78, 76, 73, 69, 66] },
      { root: 35, pad: [57, 62, 66, 71], figure: [59, 66, 71, 74, 78, 74, 71, 66] },
      { root: 43, pad: [59, 62, 66, 71], figure: [62, 67, 71, 74, 78, 74, 71, 67] },
      { root: 33, pad: [57, 61, 64, 71], figure: [61, 64, 69, 71, 76, 71, 69, 64] },
    ];
    const melody = [
      [0, 78, 1.5, 0.9],
      [1.5, 76, 0.5, 0.7],
      [2, 74, 2, 0.8],
      [4, 73, 1, 0.8],
      [5, 74, 1, 0.7],
      [6, 69, 2, 0.9],
      [8, 71, 1.5, 0.8],
      [9.5, 74, 0.5, 0.7],
      [10, 78, 2, 0.9],
      [12, 76, 1, 0.8],
      [13, 73, 1, 0.7],
      [14, 71, 2, 0.8],
    ];
    for (let bar = 0; bar < 16; bar++) {
      const chord = chords[bar % 4];
      const at = start + bar * 4 * beat;
      chord.pad.forEach((note, voice) => {
        tracks.soft.add(pad(note, 4 * beat, random), at, 0.085, (voice - 1.5) * 0.4);
      });
      chord.figure.forEach((note, eighth) => {
        const strength = (eighth % 4 === 0 ? 0.2 : 0.145) * (0.9 + 0.2 * random());
        const time = at + eighth * beat * 0.5 + random() * 0.006;
        tracks.echoed.add(pluck(note, 1.5, random, 0.42), time, strength, eighth % 2 ? 0.35 : -0.35);
      });
      const fill = bar % 4 === 3 ? [[3.5, chord.root + 7, 0.5]] : [];
      play(
        [[0, chord.root, 1.5], [1.5, chord.root, 0.5], [2.5, chord.root + 7, 1], ...fill],
        beat,
        (time, note, length) => tracks.dry.add(bass(note, length), at + time, 0.3),
      );
      for (const hit of [0, 2.5]) tracks.dry.add(kick(), at + hit * beat, 0.42);
      for (const hit of [1, 3]) tracks.soft.add(brush(random), at + hit * beat, 0.17, 0.1);
      for (let eighth = 0; eighth < 8; eighth++) {
        tracks.dry.add(shaker(0.07, random), at + (eighth + 0.02) * beat * 0.5, eighth % 2 ? 0.13 : 0.07, -0.3);
      }
    }
    for (const entry of [16, 48]) {
      play(shiftBeats(melody, entry), beat, (time, note, length, velocity) =>
        tracks.echoed.add(electricPiano(note, length, velocity), start + time, 0.15, 0.15),
      );
    }
  },
};

/** A slow piece with swung eighths: electric piano, brushes, a vibraphone line. 12 bars of 4 beats. */
const paperBoats = {
  title: 'Paper boats',
  beatSeconds: 0.8,
  beats: 48,
  write({ tracks, start, random }) {
    const beat = this.beatSeconds;
    const bars = [
      { low: [41, 45], hands: [52, 57, 60, 67] },
      { low: [40, 45], hands: [50, 55, 59, 64] },
      { low: [38, 41], hands: [53, 57, 60, 64] },
      { low: [36, 41], hands: [51, 55, 58, 62] },
      { low: [34, 38], hands: [50, 57, 60, 65] },
      { low: [33, 38], hands: [48, 55, 60, 64] },
      { low: [31, 34], hands: [50, 53, 57, 58] },
      { low: [36, 40], hands: [52, 57, 58, 62] },
      { low: [41, 45], hands: [52, 57, 60, 64] },
      { low: [38, 42], hands: [54, 57, 60, 64] },
      { low: [31, 38], hands: [50, 53, 58, 65] },
      { low: [36, 43], hands: [52, 57, 58, 65] },
    ];
    const line = [
      [0.66, 72, 0.6, 0.7],
      [1, 76, 1.5, 0.9],
      [3, 79, 0.6, 0.7],
      [3.66, 77, 0.5, 0.6],
      [4, 76, 1.4, 0.8],
      [6, 71, 1, 0.7],
      [8, 74, 1.4, 0.9],
      [9.66, 76, 0.5, 0.6],
      [10, 77, 1.6, 0.8],
      [12, 75, 1.4, 0.8],
      [14, 70, 1.4, 0.7],
      [16, 74, 1, 0.8],
      [17, 77, 1, 0.8],
      [18, 81, 1.6, 0.9],
      [20, 79, 1, 0.8],
      [21.66, 76, 0.5, 0.6],
      [22, 72, 1.4, 0.8],
      [24, 70, 1, 0.7],
      [25, 74, 1, 0.8],
      [26, 77, 1.4, 0.8],
      [28, 76, 1, 0.8],
      [29, 74, 1, 0.7],
      [30, 69, 1.6, 0.8],
      [32.66, 72, 0.6, 0.7],
      [33, 76, 1, 0.9],
      [34, 79, 1.6, 0.9],
      [36, 78, 1, 0.8],
      [37.66, 74, 0.5, 0.6],
      [38, 69, 1.4, 0.8],
      [40, 70, 1, 0.7],
      [41, 74, 1, 0.8],
      [42, 77, 1.4, 0.8],
      [44, 74, 1, 0.8],
      [45, 70, 0.7, 0.7],
      [46, 69, 1.6, 0.8],
    ];
    bars.forEach(({ low, hands }, bar) => {
      const at = start + bar * 4 * beat;
      hands.forEach((note, voice) => {
        const spread = (voice - 1.5) * 0.3;
        tracks.soft.add(electricPiano(note, 1.5 * beat, 0.62), at + voice * 0.012, 0.115, spread);
        tracks.soft.add(electricPiano(note, 1.9 * beat, 0.5), at + 1.66 * beat + voice * 0.008, 0.1, spread);
        tracks.soft.add(pad(note + 12, 4 * beat, random, 1.4), at, 0.018, -spread);
      });
      const walk = [
        [0, low[0], 1.6],
        [1.66, low[0], 0.34],
        [2, low[1], 1.2],
        [3.5, low[1] - 1, 0.5],
      ];
      play(walk, beat, (time, note, length) => tracks.dry.add(bass(note, length), at + time, 0.3));
      for (const hit of [0, 1.66, 2]) tracks.dry.add(kick(), at + hit * beat, hit === 1.66 ? 0.2 : 0.38);
      for (const hit of [1, 3]) tracks.soft.add(brush(random), at + hit * beat, 0.2, 0.08);
      for (const hit of [0, 0.66, 1, 1.66, 2, 2.66, 3, 3.66]) {
        tracks.dry.add(shaker(0.09, random, 6000), at + hit * beat, hit % 1 ? 0.07 : 0.11, 0.35);
      }
    });
    play(line, beat, (time, note, length, velocity) =>
      tracks.echoed.add(bell(note, length + 0.9, velocity), start + time, 0.17, -0.12),
    );
  },
};

/** A waltz: a plucked guitar-like figure, pads and small bells. 24 bars of 3 beats. */
const lastTramHome = {
  title: 'Last tram home',
  beatSeconds: 8 / 15,
  beats: 72,
  write({ tracks, start, random }) {
    const beat = this.beatSeconds;
    const shapes = {
      am: { root: 45, notes: [57, 60, 64, 71, 64, 60] },
      f: { root: 41, notes: [53, 60, 64, 69, 64, 60] },
      c: { root: 36, notes: [55, 60, 64, 67, 64, 60] },
      g: { root: 43, notes: [55, 59, 62, 69, 62, 59] },
      dm: { root: 38, notes: [57, 62, 65, 69, 65, 62] },
      em: { root: 40, notes: [55, 59, 64, 67, 64, 59] },
    };
    const plan = 'am am f f c c g g am am f f dm dm em em f g am am f c g em'.split(' ');
    const melody = [
      [12, 76, 2],
      [14, 79, 1],
      [15, 76, 3],
      [18, 74, 2],
      [20, 71, 1],
      [21, 74, 3],
      [24, 72, 2],
      [26, 76, 1],
      [27, 71, 3],
      [30, 69, 2],
      [32, 72, 1],
      [33, 76, 3],
      [36, 77, 2],
      [38, 74, 1],
      [39, 72, 1],
      [40, 74, 2],
      [42, 71, 3],
      [45, 67, 3],
      [48, 69, 1],
      [49, 72, 2],
      [51, 74, 1],
      [52, 71, 2],
      [54, 76, 3],
      [57, 72, 2],
      [59, 71, 1],
      [60, 69, 3],
      [63, 67, 2],
      [65, 72, 1],
      [66, 71, 3],
      [69, 71, 2],
    ];
    plan.forEach((name, bar) => {
      const { root, notes } = shapes[name];
      const at = start + bar * 3 * beat;
      notes.forEach((note, eighth) => {
        const time = at + eighth * beat * 0.5 + random() * 0.008;
        const strength = (eighth === 0 ? 0.25 : 0.17) * (0.88 + 0.24 * random());
        tracks.soft.add(pluck(note, 1.9, random, 0.3), time, strength, -0.25 + 0.1 * (eighth % 3));
      });
      for (const [voice, note] of [notes[1], notes[2], notes[3]].entries()) {
        tracks.soft.add(pad(note, 3 * beat, random, 0.7, 1.3), at, 0.062, (voice - 1) * 0.6);
      }
      tracks.dry.add(bass(root, 1.8 * beat), at, 0.3);
      if (bar % 2) tracks.dry.add(bass(root + 7, 0.9 * beat), at + 2 * beat, 0.2);
      tracks.dry.add(kick(), at, 0.34);
      for (const hit of [1, 2]) {
        tracks.soft.add(brush(random), at + hit * beat, 0.09, 0.15);
        tracks.dry.add(shaker(0.08, random, 6500), at + hit * beat, 0.12, 0.3);
      }
    });
    play(melody, beat, (time, note, length) =>
      tracks.echoed.add(bell(note, length + 1.2, 0.85), start + time, 0.15, 0.2),
    );
  },
};

/** In the order in which they are played; lengths are whole numbers of 49 MP3 frames (1.28 s). */
export const PIECES = [harbourLights, paperBoats, lastTramHome];
