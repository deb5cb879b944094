/** Bytes that begin files of other kinds, by which they are refused by name. */
const KINDS: readonly (readonly [at: number, magic: string, name: string])[] = [
  [0, 'RIFX', 'a big-endian RIFX file'],
  [0, 'riff\x2e\x91\xcf\x11', 'a Sony Wave64 file'],
  [8, 'AIFF', 'an AIFF file'],
  [8, 'AIFC', 'an AIFF-C file'],
  [0, 'caff', 'a Core Audio file'],
  [0, '.snd', 'an AU file'],
  [0, 'fLaC', 'a FLAC file'],
  [0, 'OggS', 'an Ogg file'],
  [0, 'ID3', 'an MP3 file'],
  [0, '\xff\xfb', 'an MP3 file'],
  [0, '\xff\xf1', 'an AAC file'],
  [4, 'ftyp', 'an MP4 file'],
  [0, '\x1a\x45\xdf\xa3', 'a Matroska or WebM file'],
  [0, 'wvpk', 'a WavPack file'],
  [8, 'AVI ', 'an AVI file'],
];

/** What a file is that is not WAV, from its first 12 bytes, e.g. `an AIFF file`; undefined: unknown. */
export function foreignFileKind(start: Buffer): string | undefined {
  const text = start.toString('latin1');
  return KINDS.find(([at, magic]) => text.startsWith(magic, at))?.[2];
}
