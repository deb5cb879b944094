import type { ModuleUse } from '../../config/node-config.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { NetworkAccess } from '../../modules/network.ts';
import type { OutputModule, OutputReport, StreamView } from '../../modules/output.ts';
import type { OutputStatus } from '../status/schema.ts';
import type { SteeringAction } from '../steer/steered-stream.ts';
import { Supervisor } from '../supervisor.ts';
import { ModuleReport } from './module-report.ts';

/** Options of an output slot. */
export interface OutputSlotOptions {
  readonly name: string;
  readonly use: ModuleUse<OutputModule>;
  readonly stream: StreamView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly baseDir: string;
  readonly network: NetworkAccess;
  readonly keepDir: string | undefined;
  readonly random: () => number;
}

/** One output of a stream: runs its module and knows how it is. */
export class OutputSlot {
  readonly #options: OutputSlotOptions;
  readonly #supervisor: Supervisor;
  readonly #memory = new Map<string, unknown>();
  readonly #report: ModuleReport<OutputReport>;

  constructor(options: OutputSlotOptions) {
    this.#options = options;
    this.#report = new ModuleReport(options.name, options.log);
    this.#supervisor = new Supervisor({
      run: (signal) => this.#run(signal),
      what: `${options.name} (${options.use.module.type})`,
      clock: options.clock,
      log: options.log,
      random: options.random,
    });
  }

  start(): void {
    this.#supervisor.start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  /** Does what an administrator asks; a start or restart goes on in the background. */
  async steer(action: SteeringAction): Promise<void> {
    const stopped = action === 'start' ? Promise.resolve() : this.stop();
    if (action !== 'stop') return this.start();
    await stopped;
    this.#report.set(undefined);
  }

  /** Who listens at it now; 0 for an output that has no listeners. */
  get listeners(): number {
    return this.#report.read()?.listeners ?? 0;
  }

  status(): OutputStatus {
    const report = this.#report.read();
    const { state, sinceUtcMs, restarts, lastFailure } = this.#supervisor;
    return {
      name: this.#options.name,
      type: this.#options.use.module.type,
      state: state === 'retrying' ? 'failed' : (report?.state ?? (state === 'stopped' ? 'stopped' : 'starting')),
      ...(report?.target !== undefined ? { target: report.target } : {}),
      ...(report?.listeners !== undefined ? { listeners: report.listeners } : {}),
      since: new Date(sinceUtcMs).toISOString(),
      restarts,
      ...(lastFailure
        ? {
            lastError: {
              code: lastFailure.code,
              message: lastFailure.message,
              at: new Date(lastFailure.atUtcMs).toISOString(),
            },
          }
        : {}),
      counters: { ...report?.counters },
      detail: { ...report?.detail },
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { use, stream, clock, log, baseDir, network, keepDir } = this.#options;
    this.#report.set(undefined);
    await use.module.run({
      options: use.options as never,
      signal,
      clock,
      log,
      stream,
      baseDir,
      network,
      keepDir,
      memory: this.#memory,
      onReport: (report) => {
        this.#report.set(report);
        this.#supervisor.recovered();
      },
    });
  }
}
