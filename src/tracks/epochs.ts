/** Seconds from 1900, where NTP begins to count (RFC 5905, 6), to 1970. */
export const NTP_EPOCH_SECONDS = 2_208_988_800;
/** What TAI, which PTP counts from 1970 on (IEEE 1588), is ahead of UTC by since 2017. */
export const TAI_AHEAD_SECONDS = 37;
