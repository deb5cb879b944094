import { MP3_HEADER_BYTES, type Mp3Header, parseMp3Header } from './mp3-header.ts';

/** Frames are longer than this; headers that are nearer to each other are an accident. */
const MIN_FRAME_BYTES = 48;

/**
 * True when free-format MPEG audio (bitrate index 0) is in these bytes: three
 * headers of one kind, one after the other at equal distances, a padding byte
 * aside. Its frames do not say their length, so that distream passes it on;
 * this is for the note.
 */
export function hasFreeFormat(bytes: Buffer): boolean {
  const found = freeFormatHeaders(bytes);
  for (let i = 2; i < found.length; i++) {
    const [a, b, c] = [found[i - 2]!, found[i - 1]!, found[i]!];
    const equal = Math.abs(c.at - b.at - (b.at - a.at)) <= 1 && b.at - a.at >= MIN_FRAME_BYTES;
    if (equal && sameKind(a.header, b.header) && sameKind(b.header, c.header)) return true;
  }
  return false;
}

interface Found {
  readonly at: number;
  readonly header: Mp3Header;
}

function freeFormatHeaders(bytes: Buffer): Found[] {
  const found: Found[] = [];
  for (let at = bytes.indexOf(0xff); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    if (at + MP3_HEADER_BYTES > bytes.length) break;
    const header = parseMp3Header(bytes, at);
    if (header?.bitrateKbps === 0 && header.layer !== 1) found.push({ at, header });
  }
  return found;
}

function sameKind(a: Mp3Header, b: Mp3Header): boolean {
  return a.version === b.version && a.layer === b.layer && a.sampleRate === b.sampleRate;
}
