/**
 * The checksums of FLAC frames (RFC 9639 sections 9.1.8 and 9.3): both begin with 0, highest bit first.
 * @module
 */

const CRC8_POLYNOMIAL = 0x07;
const CRC16_POLYNOMIAL = 0x8005;

const CRC8 = Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? CRC8_POLYNOMIAL : 0);
  return crc;
});

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? CRC16_POLYNOMIAL : 0);
  return crc;
});

/** CRC-8 of the bytes from `start` to `end`. */
export function flacCrc8(buffer: Buffer, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) crc = CRC8[crc ^ buffer[at]!]!;
  return crc;
}

/** CRC-16 of the bytes from `start` to `end`, going on from `crc`. Over a whole frame with its checksum it is 0. */
export function flacCrc16(buffer: Buffer, start: number, end: number, crc = 0): number {
  let sum = crc;
  for (let at = start; at < end; at++) sum = (CRC16[(sum >> 8) ^ buffer[at]!]! ^ (sum << 8)) & 0xffff;
  return sum;
}
