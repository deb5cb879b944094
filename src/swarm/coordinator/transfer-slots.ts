import type { Member } from './member.ts';

/** Transfers of one member, giving and taking each; an original counts both together. */
const TRANSFERS_AT_ONCE = 10;
const TRANSFERS_OF_SERVER = 64;

/** Transfers that the member may take more; 0 or less: none. */
export function freeToTake({ voice, taking, giving }: Member): number {
  return TRANSFERS_AT_ONCE - taking.size - (voice.dialect === 1 ? giving.size : 0);
}

/** Transfers that the member may give more; 0 or less: none. */
export function freeToGive({ isInside, voice, taking, giving }: Member): number {
  if (isInside) return TRANSFERS_OF_SERVER - giving.size;
  return TRANSFERS_AT_ONCE - giving.size - (voice.dialect === 1 ? taking.size : 0);
}
