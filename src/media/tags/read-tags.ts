import { id3v2Length, parseId3v1, parseId3v2 } from './id3.ts';
import type { Tags } from './tags.ts';
import { parseCommentBlock, parseVorbisComment } from './vorbis-comment.ts';

/** Bytes of a file's start that are looked at for titles. */
export const TAG_HEAD_BYTES = 256 * 1024;

const FLAC_VORBIS_COMMENT = 4;

/**
 * Artist and title of an audio file.
 * @param head the file's first bytes; those beyond `TAG_HEAD_BYTES` are not looked at
 * @param end the file's last 128 bytes, for ID3v1, which counts where there is nothing better
 */
export function readTags(head: Buffer, end?: Buffer): Tags | undefined {
  const bounded = head.subarray(0, TAG_HEAD_BYTES);
  const id3 = parseId3v2(bounded);
  if (id3) return id3;
  const audio = bounded.subarray(id3v2Length(bounded));
  const found = commentTags(audio) ?? (end ? parseId3v1(end) : undefined);
  return found && (found.artist || found.title) ? found : undefined;
}

function commentTags(audio: Buffer): Tags | undefined {
  if (audio.length < 4) return undefined;
  const magic = audio.toString('latin1', 0, 4);
  if (magic === 'OggS') return parseVorbisComment(secondOggPacket(audio));
  return magic === 'fLaC' ? flacTags(audio) : undefined;
}

/** RFC 9639 section 8: blocks of a 1-byte type (high bit: the last) and a 24-bit length. */
function flacTags(file: Buffer): Tags | undefined {
  let offset = 4;
  while (offset + 4 <= file.length) {
    const end = offset + 4 + file.readUIntBE(offset + 1, 3);
    const type = file[offset]!;
    if ((type & 0x7f) === FLAC_VORBIS_COMMENT) return parseCommentBlock(file.subarray(offset + 4, end));
    if ((type & 0x80) !== 0) return undefined;
    offset = end;
  }
  return undefined;
}

/** The second packet of the first logical stream, as far as it is there. RFC 3533 section 6. */
function secondOggPacket(file: Buffer): Buffer {
  const parts: Buffer[] = [];
  let packet = 0;
  let serial: number | undefined;
  for (let offset = 0; offset + 27 <= file.length && file.toString('latin1', offset, offset + 4) === 'OggS'; ) {
    const lacing = file.subarray(offset + 27, offset + 27 + file[offset + 26]!);
    serial ??= file.readUInt32LE(offset + 14);
    const isOurs = file.readUInt32LE(offset + 14) === serial;
    let at = offset + 27 + lacing.length;
    for (const size of lacing) {
      if (isOurs && packet === 1) parts.push(file.subarray(at, at + size));
      if (isOurs && size < 255) packet++;
      if (packet > 1) return Buffer.concat(parts);
      at += size;
    }
    offset = at;
  }
  return Buffer.concat(parts);
}
