import { SHORT_FEC_BYTES } from '../../protocols/rtp/ulpfec.ts';
import { wireBits } from './packet-size.ts';
import { FIXED_MEASURES, measureText, type RedundancyMode } from './redundancy-measure.ts';
import type { PlanAddition, PlannedFlow } from './schema.ts';

/** What is sent beside the flows. `auto` is counted as what costs most: every packet twice. */
export function additionsOf(
  flows: readonly PlannedFlow[],
  { redundancy, networks, ipVersion }: { redundancy: RedundancyMode; networks: number; ipVersion: 4 | 6 },
): PlanAddition[] {
  const additions: PlanAddition[] = [];
  const measure = FIXED_MEASURES[redundancy];
  if (redundancy === 'auto') {
    additions.push({ name: 'redundancy as loss asks for it, at most', ...costOf(flows) });
  } else if (measure.kind === 'duplicate') additions.push({ name: measureText(measure), ...costOf(flows) });
  else if (measure.kind === 'parity') {
    const name = measureText(measure);
    const packetsPerSecond = packetsPerSecondOf(flows) / measure.packets;
    const megabitsPerSecond = flows.reduce(
      (sum, flow) =>
        sum +
        (wireBits(flow.payloadBytes + SHORT_FEC_BYTES, ipVersion) * flow.packetsPerSecond) / measure.packets / 1e6,
      0,
    );
    additions.push({ name, packetsPerSecond, megabitsPerSecond });
  }
  if (networks > 1) {
    const all = [...flows, ...additions];
    additions.push({ name: 'the same on the second network', ...costOf(all) });
  }
  return additions;
}

interface Cost {
  readonly packetsPerSecond: number;
  readonly megabitsPerSecond: number;
}

function costOf(parts: readonly Cost[]): Cost {
  return { packetsPerSecond: packetsPerSecondOf(parts), megabitsPerSecond: megabitsPerSecondOf(parts) };
}

/** Packets a second of all together. */
export function packetsPerSecondOf(parts: readonly Cost[]): number {
  return parts.reduce((sum, part) => sum + part.packetsPerSecond, 0);
}

/** Mbit/s of all together, on an Ethernet. */
export function megabitsPerSecondOf(parts: readonly Cost[]): number {
  return parts.reduce((sum, part) => sum + part.megabitsPerSecond, 0);
}
