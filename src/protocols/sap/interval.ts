/** All announcements of a scope together may use this much (RFC 2974 3.1). */
const BITS_PER_SECOND = 4000;
/** What AES67 devices do; RFC 2974 3.1 asks for 300 s, which is long for somebody who waits for a name to appear. */
const USUAL_MINIMUM_MS = 30_000;

/** What is known of the announcements in a scope. */
export interface AnnouncementLoad {
  /** Announcements that are heard in the scope, ours included. */
  readonly announcements: number;
  /** The size of ours. */
  readonly bytes: number;
  readonly minimumMs?: number;
}

/**
 * How long to wait before the next announcement, in milliseconds: longer the more are heard, and spread by a third
 * (RFC 2974 3.1).
 * @param random 0 to 1
 */
export function announcementIntervalMs(load: AnnouncementLoad, random: number): number {
  const fairMs = (8 * load.announcements * load.bytes * 1000) / BITS_PER_SECOND;
  const intervalMs = Math.max(load.minimumMs ?? USUAL_MINIMUM_MS, fairMs);
  return intervalMs * (2 / 3 + (random * 2) / 3);
}
