/** Figures of a session from the records of its packets. */

/** Bytes of one record of receiver.c. */
export const RECORD_BYTES = 24;
/** What comes in this time after the first packet is not looked at: programs start in it. */
const SETTLE_NS = 500_000_000;

/** Microseconds unless said. */
export interface Figures {
  readonly flows: number;
  readonly packets: number;
  /** By the gaps in the sequence numbers of each flow. */
  readonly lost: number;
  /** Distance of a packet from the grid of its timestamp, about the median of its flow; what lies between the flows is `skew`. */
  readonly error: Spread;
  /** From the first to the last packet with the same timestamp; undefined for one flow. */
  readonly skew: Spread | undefined;
  /** Mean distance of packets that follow each other, in ms. */
  readonly spacingMs: number;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Flow {
  readonly times: number[];
  readonly positions: number[];
  first: number;
  highest: number;
  received: number;
}

/** Reads the records. RTP timestamps count at `sampleRate`, sequences and timestamps do not wrap more than once. */
export function analyze(records: Buffer, sampleRate: number): Figures {
  const flows = new Map<number, Flow>();
  const count = Math.floor(records.length / RECORD_BYTES);
  const origin = count ? records.readBigUInt64LE(0) : 0n;
  for (let at = 0; at < count * RECORD_BYTES; at += RECORD_BYTES) {
    const time = Number(records.readBigUInt64LE(at) - origin);
    take(flows, time, records.readUInt32LE(at + 8), records.readUInt32LE(at + 12), records.readUInt32LE(at + 16));
  }
  const all = [...flows.values()];
  const packets = all.reduce((sum, flow) => sum + flow.received, 0);
  const due = all.reduce((sum, flow) => sum + flow.highest - flow.first + 1, 0);
  const errors = errorsOf(all, sampleRate);
  return {
    flows: flows.size,
    packets,
    lost: due - packets,
    error: spread(errors.map(Math.abs)),
    skew: flows.size > 1 ? spread(skewsOf(all)) : undefined,
    spacingMs: all.reduce((sum, flow) => sum + meanSpacing(flow), 0) / all.length / 1e6,
  };
}

function take(flows: Map<number, Flow>, time: number, ssrc: number, position: number, sequence: number): void {
  let flow = flows.get(ssrc);
  if (!flow) {
    flow = { times: [], positions: [], first: sequence, highest: sequence, received: 0 };
    flows.set(ssrc, flow);
  }
  flow.highest += ((sequence - flow.highest) << 16) >> 16;
  flow.received += 1;
  if (time < SETTLE_NS) return;
  flow.times.push(time);
  flow.positions.push(position);
}

function errorsOf(flows: readonly Flow[], sampleRate: number): number[] {
  return flows.flatMap(({ times, positions }) => {
    const errors = times.map((time, index) => time / 1000 - (positions[index]! * 1e6) / sampleRate);
    const middle = quantile(Float64Array.from(errors).sort(), 0.5);
    return errors.map((error) => error - middle);
  });
}

function skewsOf(flows: readonly Flow[]): number[] {
  const seen = new Map<number, { count: number; first: number; last: number }>();
  for (const { times, positions } of flows) {
    times.forEach((time, index) => {
      const position = positions[index]!;
      const span = seen.get(position);
      if (!span) seen.set(position, { count: 1, first: time, last: time });
      else {
        span.count += 1;
        span.first = Math.min(span.first, time);
        span.last = Math.max(span.last, time);
      }
    });
  }
  return [...seen.values()]
    .filter((span) => span.count === flows.length)
    .map((span) => (span.last - span.first) / 1000);
}

function meanSpacing({ times }: Flow): number {
  return times.length > 1 ? (times.at(-1)! - times[0]!) / (times.length - 1) : Number.NaN;
}

function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? Number.NaN };
}

function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
