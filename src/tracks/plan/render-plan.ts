import { table } from '../../core/table.ts';
import type { PacketPlan, PlannedFlow } from './schema.ts';

/** The plan for people: flows of one shape in one line, what they cost, the delay as a sum, what stands against it. */
export function renderPlan(plan: PacketPlan): string {
  const parts = [
    ...(plan.flows.length > 0 ? [table(flowRows(plan)), table(latencyRows(plan))] : []),
    ...(plan.notes.length > 0 ? [plan.notes.map((note) => `Note: ${note}.\n`).join('')] : []),
    ...(plan.refusals.length > 0
      ? [plan.refusals.map(({ reason, remedy }) => `Not possible: ${reason}.\n  ${remedy}\n`).join('')]
      : []),
  ];
  return parts.join('\n');
}

function flowRows({ flows, additions, total }: PacketPlan): string[][] {
  const groups = new Map<string, PlannedFlow[]>();
  for (const flow of flows) {
    const shape = `${flow.encoding}/${flow.sampleRate}/${flow.channels}`;
    const group = groups.get(shape);
    if (group) group.push(flow);
    else groups.set(shape, [flow]);
  }
  const rows = [...groups].map(([shape, group]) => {
    const { framesPerPacket, packetTimeUs, payloadBytes } = group[0]!;
    const packet = `${framesPerPacket} frames, ${milliseconds(packetTimeUs)}`;
    return [String(group.length), shape, packet, `${payloadBytes} B`, ...costs(sumOf(group))];
  });
  const head = ['flows', 'format', 'packet', 'payload', 'packets/s', 'Mbit/s'];
  const added = additions.map((addition) => ['', addition.name, '', '', ...costs(addition)]);
  return [head, ...rows, ...added, [String(flows.length), `${total.channels} channels`, '', '', ...costs(total)]];
}

function sumOf(flows: readonly PlannedFlow[]): { packetsPerSecond: number; megabitsPerSecond: number } {
  return {
    packetsPerSecond: flows.reduce((sum, flow) => sum + flow.packetsPerSecond, 0),
    megabitsPerSecond: flows.reduce((sum, flow) => sum + flow.megabitsPerSecond, 0),
  };
}

function costs(cost: { packetsPerSecond: number; megabitsPerSecond: number }): string[] {
  return [decimals(cost.packetsPerSecond, 2), decimals(cost.megabitsPerSecond, 2)];
}

function latencyRows({ latency }: PacketPlan): string[][] {
  const rows = latency.parts.map(({ name, us, basis }) => [name, milliseconds(us), basis]);
  return [['delay', '', ''], ...rows, ['in all', milliseconds(latency.totalUs), '']];
}

function milliseconds(us: number): string {
  return `${decimals(us / 1000, 3)} ms`;
}

function decimals(value: number, most: number): string {
  return String(Number(value.toFixed(most)));
}
