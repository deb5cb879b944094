import { MP3_HEADER_BYTES, type Mp3Header, parseMp3Header } from './mp3-header.ts';

/** How many headers after one are tried as the next frame, so that hostile bytes cost little. */
const MAX_TRIES = 8;

/**
 * True when free-format MPEG audio (bitrate index 0) is in these bytes: three
 * headers of one kind at equal distances, a padding byte aside. Its frames do
 * not say their length, so that distream passes it on; this is for the note.
 */
export function hasFreeFormat(bytes: Buffer): boolean {
  const found = freeFormatHeaders(bytes);
  for (let first = 0; first < found.length; first++) {
    for (let next = first + 1; next < Math.min(found.length, first + 1 + MAX_TRIES); next++) {
      const [a, b] = [found[first]!, found[next]!];
      const third = b.at + (b.at - a.at);
      const isThird = (c: Found) => Math.abs(c.at - third) <= 1 && sameKind(c.header, a.header);
      if (sameKind(a.header, b.header) && found.slice(next + 1, next + 1 + MAX_TRIES).some(isThird)) return true;
    }
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
