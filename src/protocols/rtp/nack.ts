/**
 * The generic NACK's entries (RFC 4585 6.2.1): PID names a lost packet, each bit i of BLP (least significant first)
 * says that PID + i + 1 is lost too. An entry names up to 17 packets in 4 bytes.
 * @module
 */

/** A lost packet and a bit mask of the 16 after it. */
export interface NackEntry {
  readonly pid: number;
  readonly blp: number;
}

/** Packs sequence numbers, ascending in the sense of their wrap, into as few entries as fit them in order. */
export function packNack(sequences: readonly number[]): NackEntry[] {
  const entries: { pid: number; blp: number }[] = [];
  let last: { pid: number; blp: number } | undefined;
  for (const sequence of sequences) {
    const after = last === undefined ? 0 : (sequence - last.pid) & 0xffff;
    if (last !== undefined && after >= 1 && after <= 16) last.blp |= 1 << (after - 1);
    else if (last === undefined || after !== 0) {
      last = { pid: sequence & 0xffff, blp: 0 };
      entries.push(last);
    }
  }
  return entries;
}

/** The sequence numbers, of 16 bits, that an entry names. */
export function unpackNack({ pid, blp }: NackEntry): number[] {
  const sequences = [pid];
  for (let bit = 0; bit < 16; bit++) if ((blp >>> bit) & 1) sequences.push((pid + bit + 1) & 0xffff);
  return sequences;
}
