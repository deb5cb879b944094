import { aborted } from '../../core/aborted.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import type { StationInfo } from '../../core/station.ts';
import { defineInput, type InputContext, type InputReport } from '../../modules/input.ts';
import type { LinkHandle, LinkStatus } from '../../modules/link.ts';
import { type LinkModuleOptions, linkModuleSchema, linkOptionsOf } from '../../modules/link-options.ts';
import type { SessionWriter } from '../../modules/session.ts';
import { ArrivalRate } from './arrival-rate.ts';
import { LineLog } from './line-log.ts';
import { Receiver } from './receiver.ts';

const MEMORY_KEY = 'receiver';

/** Takes a stream from another node over the native link. */
export default defineInput({
  type: 'link',
  summary:
    'A stream from another node over a line that may fail: the native link. Outages shorter than the reserve are not heard.',
  schema: linkModuleSchema,
  overLine: true,
  keepsLedger: true,
  async run(context) {
    const { options, network, signal } = context;
    const receiver = receiverOf(context);
    const handle = await network.links.open(linkOptionsOf(options, context.reserve().targetMs));
    const run = new Run(context, handle, receiver);
    try {
      run.start();
      await aborted(signal);
    } finally {
      run.close();
      handle.close();
      if (signal.aborted) forget(context, receiver);
    }
  },
});

type Context = InputContext<LinkModuleOptions>;

/** What an attempt before left, so that a failure to open loses nothing. */
function receiverOf({ options, memory, streamName, reserve, clock, log, keepDir }: Context): Receiver {
  const kept = memory.get(MEMORY_KEY);
  if (kept instanceof Receiver) return kept;
  const name = options.stream ?? streamName;
  const receiver = new Receiver({ name, reserveMs: reserve().targetMs, clock, log, keepDir });
  memory.set(MEMORY_KEY, receiver);
  return receiver;
}

function forget({ memory }: Context, receiver: Receiver): void {
  memory.delete(MEMORY_KEY);
  receiver.close();
}

/** From the opening of the link to its end. */
class Run {
  readonly #context: Context;
  readonly #handle: LinkHandle;
  readonly #receiver: Receiver;
  readonly #log: LineLog;
  readonly #rate: ArrivalRate;
  #session: SessionWriter | undefined;
  #station: StationInfo = {};
  #unsubscribe: () => void = () => {};

  constructor(context: Context, handle: LinkHandle, receiver: Receiver) {
    this.#context = context;
    this.#handle = handle;
    this.#receiver = receiver;
    const { clock, log, reserve } = context;
    this.#rate = new ArrivalRate(clock);
    const lost = () => ({ knownMs: receiver.counters.lost_ms, unknown: receiver.unknownGaps });
    this.#log = new LineLog({ clock, log, reserve, lost });
  }

  start(): void {
    const { onReport } = this.#context;
    onReport(() => this.#report());
    this.#receiver.onItems = (items) => this.#deliver(items);
    this.#unsubscribe = this.#handle.onChange((change) => {
      this.#log.change(change);
      // Each time that the line is gone ends a session, so that the status counts them.
      if (!this.#handle.status().some(({ state }) => state === 'up')) this.#endSession();
    });
    this.#receiver.start();
    this.#handle.subscribe(this.#receiver.channel);
  }

  close(): void {
    this.#unsubscribe();
    this.#log.close();
    this.#receiver.onItems = () => {};
    this.#endSession();
  }

  #deliver(items: readonly AudioItem[]): void {
    this.#session ??= this.#openSession(items[0]!);
    this.#tellStation(this.#session);
    this.#session.deliver(items);
    const audioMs = items.reduce((sum, { durationUs }) => sum + durationUs, 0) / 1000;
    this.#log.audio(audioMs);
    this.#rate.audio(audioMs);
  }

  #openSession({ format }: AudioItem): SessionWriter {
    const { memory, openSession } = this.#context;
    const continuity = memory.has('opened') ? 'exact' : 'new';
    memory.set('opened', true);
    const peer = this.#source()?.peer;
    const { contentType } = format;
    const { station } = this.#receiver;
    this.#station = station;
    return openSession({ contentType, continuity, station, isFramed: true, ...(peer && { peer }) });
  }

  #tellStation(session: SessionWriter): void {
    const { station } = this.#receiver;
    if (station === this.#station) return;
    this.#station = station;
    session.setStation(station);
  }

  #endSession(): void {
    this.#session?.end();
    this.#session = undefined;
  }

  /** The link that the stream comes by, else one that is up. */
  #source(): LinkStatus | undefined {
    const links = this.#handle.status();
    const { name } = this.#receiver.channel;
    const isUp = ({ state }: LinkStatus) => state === 'up';
    return links.findLast((link) => isUp(link) && link.receives.includes(name)) ?? links.findLast(isUp) ?? links.at(-1);
  }

  #report(): InputReport {
    const { counters, channel } = this.#receiver;
    const { nowMs, targetMs } = this.#context.reserve();
    const link = this.#source();
    const { duplicateBytes: duplicate_bytes, refusedBytes: refused_bytes } = channel;
    const rttMs = rttOf(link);
    const refillMs = this.#rate.timeToGainMs(targetMs - nowMs);
    return {
      counters: { ...counters, duplicate_bytes, refused_bytes },
      detail: {
        line: link?.state ?? 'connecting',
        ...(link && { peer: link.peer, paths: link.paths.filter(({ state }) => state === 'alive').length }),
        ...(rttMs !== undefined && { rttMs }),
        lastsSeconds: Math.round(nowMs / 100) / 10,
        reserveSeconds: Math.round(targetMs / 100) / 10,
        ...(refillMs !== undefined && { refillSeconds: Math.round(refillMs / 100) / 10 }),
        ...(link?.lastError !== undefined && { error: link.lastError }),
      },
    };
  }
}

function rttOf(link: LinkStatus | undefined): number | undefined {
  const times = (link?.paths ?? []).map(({ rttMs }) => rttMs).filter((ms) => ms > 0);
  return times.length > 0 ? Math.round(Math.min(...times)) : undefined;
}
