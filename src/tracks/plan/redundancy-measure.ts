/** How a session chooses what repairs it: fixed, or by the loss that receivers report. */
export const REDUNDANCY_MODES = ['none', 'duplicate', 'xor', 'auto'] as const;
export type RedundancyMode = (typeof REDUNDANCY_MODES)[number];

/** What is sent on the second port of every flow. */
export type RedundancyMeasure =
  | { readonly kind: 'none' }
  /** Every packet once more, so many ms later. */
  | { readonly kind: 'duplicate'; readonly delayMs: number }
  /** One parity packet after so many packets. */
  | { readonly kind: 'parity'; readonly packets: number };

/** What a fixed mode does from the beginning: duplicates outlive a gap of 50 ms, parity one packet in ten. */
export const FIXED_MEASURES: Readonly<Record<RedundancyMode, RedundancyMeasure>> = {
  none: { kind: 'none' },
  duplicate: { kind: 'duplicate', delayMs: 50 },
  xor: { kind: 'parity', packets: 10 },
  auto: { kind: 'none' },
};

/** No duplicate comes later than this after its packet, and no parity is for more packets. */
export const MAX_DUPLICATE_DELAY_MS = 200;
export const MAX_PARITY_PACKETS = 16;

/** How late what repairs comes at most, in whole ms: what descriptions tell receivers. */
export function redundancyDelayMs(mode: RedundancyMode, packetTimeMs: number): number {
  const measure = FIXED_MEASURES[mode];
  if (mode === 'auto') return Math.max(MAX_DUPLICATE_DELAY_MS, Math.ceil(MAX_PARITY_PACKETS * packetTimeMs));
  if (measure.kind === 'duplicate') return measure.delayMs;
  return measure.kind === 'parity' ? Math.ceil(measure.packets * packetTimeMs) : 0;
}

/** The measure in words. */
export function measureText(measure: RedundancyMeasure): string {
  if (measure.kind === 'duplicate') return `every packet again ${measure.delayMs} ms later`;
  return measure.kind === 'parity' ? `a parity packet for ${measure.packets}` : 'nothing';
}
