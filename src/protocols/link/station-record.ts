/**
 * The content of a station record: what the source says of itself. See README.md in this folder.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { StationInfo } from '../../core/station.ts';
import { clippedText } from './clipped-text.ts';
import type { ByteReader, ByteWriter } from './varint.ts';

const MAX_TEXT_BYTES = 1024;
const MAX_BITRATE_KBPS = 1_000_000;
/** Bytes of a station record's content at most. */
export const MAX_STATION_BYTES: number = 5 * (MAX_TEXT_BYTES + 2) + 4 + 1;
const UNKNOWN = 0;
const HIDDEN = 1;
const PUBLIC = 2;

/** Writes the content; texts above 1,024 bytes are cut at a character's border. */
export function encodeStation(writer: ByteWriter, station: StationInfo): void {
  const { name = '', description = '', genre = '', url = '', audioInfo = '', bitrateKbps = 0, isPublic } = station;
  for (const text of [name, description, genre, url, audioInfo]) writer.block(clippedText(text, MAX_TEXT_BYTES));
  const isTold = bitrateKbps > 0 && bitrateKbps <= MAX_BITRATE_KBPS;
  writer.varint(isTold ? Math.round(bitrateKbps) : UNKNOWN);
  writer.varint(isPublic === undefined ? UNKNOWN : isPublic ? PUBLIC : HIDDEN);
}

/** Reads the content. The texts are as the peer wrote them, not cleaned. Throws ProtocolViolation. */
export function decodeStation(reader: ByteReader): StationInfo {
  const text = () => reader.text(MAX_TEXT_BYTES, 'a text of the station');
  const [name, description, genre, url, audioInfo] = [text(), text(), text(), text(), text()];
  const bitrateKbps = reader.varint();
  const isPublic = reader.varint();
  if (bitrateKbps > MAX_BITRATE_KBPS) throw new ProtocolViolation(`a bitrate of ${bitrateKbps} kbit/s`);
  if (isPublic > PUBLIC) throw new ProtocolViolation('a station that is neither public nor hidden');
  return {
    ...(name && { name }),
    ...(description && { description }),
    ...(genre && { genre }),
    ...(url && { url }),
    ...(audioInfo && { audioInfo }),
    ...(bitrateKbps > 0 && { bitrateKbps }),
    ...(isPublic !== UNKNOWN && { isPublic: isPublic === PUBLIC }),
  };
}

/** Whether two sources say the same of themselves. */
export function isSameStation(a: StationInfo, b: StationInfo): boolean {
  const isSameName = a.name === b.name && a.description === b.description && a.genre === b.genre && a.url === b.url;
  return isSameName && a.audioInfo === b.audioInfo && a.bitrateKbps === b.bitrateKbps && a.isPublic === b.isPublic;
}
