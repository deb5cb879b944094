import type { NodeStatus } from '../node/status/schema.ts';
import { DirectListener } from './direct-listener.ts';
import type { LineEvent, LineReport } from './unstable-line.ts';

/** What `GET /api/v1/demo` answers. */
export interface DemoStatus {
  readonly line: {
    readonly state: 'up' | 'down';
    readonly sinceSeconds: number;
    /** Outages so far, the current one included. */
    readonly outages: number;
    readonly downSeconds: number;
  };
  /** Sound that the listeners' node holds ahead of them. */
  readonly reserveSeconds: number;
  /** Gaps and stalls of the listeners' stream since the start. */
  readonly gapsHeard: number;
  /** Silence that a listener without distream would have heard on the same line. */
  readonly directLostSeconds: number;
}

const EMPTY_LINE: LineReport = { state: 'up', sinceMs: 0, outages: 0, totalDownMs: 0 };

/** Follows the line and the listeners' node: tells changes in words and answers the demo's status. */
export class DemoWatch {
  readonly #print: (line: string) => void;
  readonly #direct = new DirectListener();
  #line: () => LineReport = () => EMPTY_LINE;
  #node: () => NodeStatus | undefined = () => undefined;
  #gapsTold = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Names what is watched: both start after the watch. */
  observe(line: () => LineReport, node: () => NodeStatus | undefined): void {
    this.#line = line;
    this.#node = node;
  }

  /** Tells a change of the line. */
  lineChanged(event: LineEvent): void {
    if (event.state === 'down') {
      this.#print(`the line is black; listeners hear the reserve of ${seconds(this.#reserveSeconds())} s`);
      return;
    }
    this.#direct.outageEnded(event.downMs);
    const heard = this.#gaps() > this.#gapsTold ? 'the outage was heard' : 'nothing was lost';
    const reserve = `reserve ${seconds(this.#reserveSeconds())} s`;
    const direct = `a direct listener has missed ${seconds(this.#direct.lostMs() / 1000)} s so far`;
    const after = `the line is back after ${(event.downMs / 1000).toFixed(1)} s`;
    this.#print(`${after}; ${heard}, ${reserve}; ${direct}`);
    this.#gapsTold = this.#gaps();
  }

  status(): DemoStatus {
    const line = this.#line();
    return {
      line: {
        state: line.state,
        sinceSeconds: rounded(line.sinceMs / 1000),
        outages: line.outages,
        downSeconds: rounded(line.totalDownMs / 1000),
      },
      reserveSeconds: this.#reserveSeconds(),
      gapsHeard: this.#gaps(),
      directLostSeconds: rounded(this.#direct.lostMs(line.state === 'down' ? line.sinceMs : 0) / 1000),
    };
  }

  #reserveSeconds(): number {
    return rounded(this.#node()?.streams[0]?.buffer.reserveSeconds ?? 0);
  }

  #gaps(): number {
    const counters = this.#node()?.streams[0]?.counters;
    return counters ? counters.gaps + counters.stalls : 0;
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function seconds(value: number): string {
  return value.toFixed(0);
}
