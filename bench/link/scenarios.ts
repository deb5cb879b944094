/** How a line treats the datagrams of both directions. */
export interface LineState {
  readonly delayMs: number;
  readonly jitterMs?: number;
  /** 0 to 1. */
  readonly loss?: number;
  /** Bad spells: share of the time (0 to 1), mean length, loss inside (0 to 1). */
  readonly bursts?: { readonly share: number; readonly meanMs: number; readonly loss: number };
  /** On the line, headers included; the queue before it in bytes. */
  readonly rate?: { readonly bytesPerSecond: number; readonly queueBytes: number };
}

/** A bad network, from the moment when the listener connects. */
export interface Scenario {
  readonly title: string;
  readonly seconds: number;
  readonly line: LineState;
  /** Nothing passes: start and length. */
  readonly outages: readonly (readonly [atSeconds: number, seconds: number])[];
}

const scenario = (title: string, seconds: number, line: LineState, outages: Scenario['outages'] = []): Scenario => ({
  title,
  seconds,
  line,
  outages,
});

/** By name, as the tables call them. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  s1: scenario('clean, 20 ms', 60, { delayMs: 10 }),
  s2: scenario('5 % loss each way, 40 ms', 90, { delayMs: 20, jitterMs: 2, loss: 0.05 }),
  s3: scenario('20 % loss each way, 80 ms', 90, { delayMs: 40, jitterMs: 5, loss: 0.2 }),
  s4: scenario('bursts: 90 % lost 30 % of the time', 90, {
    delayMs: 30,
    jitterMs: 5,
    loss: 0.005,
    bursts: { share: 0.3, meanMs: 400, loss: 0.9 },
  }),
  s5: scenario('outages of 5, 10, 15 s', 150, { delayMs: 20 }, [
    [15, 5],
    [45, 10],
    [90, 15],
  ]),
  s6: scenario('one outage of 25 s', 100, { delayMs: 20 }, [[20, 25]]),
  s8: scenario(
    'line of 1.3 x the stream, 10 s outage',
    120,
    { delayMs: 20, rate: { bytesPerSecond: 20_800, queueBytes: 16_000 } },
    [[20, 10]],
  ),
};
