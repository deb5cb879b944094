import { aborted } from '../../core/aborted.ts';
import type { ListenAddress, StreamRequest } from '../../modules/network.ts';
import type { OutputContext } from '../../modules/output.ts';
import { ListenerHub } from './hub.ts';
import { StreamMount } from './stream-mount.ts';

/** What a module decides about its mount. */
export interface MountOptions {
  readonly mount: string;
  readonly burstMs: number;
  readonly tickMs: number;
  readonly metadataInterval?: number | undefined;
  readonly slowAfterMs: number;
  readonly maxQueuedBytes: number;
  readonly maxListeners?: number | undefined;
  readonly hidden: boolean;
  readonly rangeProbe: boolean;
  readonly listen?: ListenAddress | undefined;
  readonly refuse?: (request: StreamRequest) => { status: string; text: string } | undefined;
  /** JSON at `/stats` of a port of its own. */
  readonly stats?: (hub: ListenerHub) => unknown;
}

/** Opens a mount and serves its listeners until the output is stopped. */
export async function runStreamMount(context: OutputContext<unknown>, options: MountOptions): Promise<void> {
  const { network, stream, clock, signal } = context;
  const front = await network.front(options.listen);
  let fail: (error: unknown) => void = () => {};
  const fault = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const hub = new ListenerHub({ clock, stream, ...options, onFault: (error) => fail(error) });
  const mount = new StreamMount({ stream, hub, clock, ...options });
  const giveBack: (() => void)[] = [];
  try {
    giveBack.push(front.claimListener(mount));
    if (options.stats) giveBack.push(front.claimJson(['/stats', '/favicon.ico'], () => options.stats!(hub)));
    context.onReport(() => ({
      state: 'ready',
      target: options.mount,
      listeners: hub.size,
      counters: {
        joins: hub.counters.joins,
        bytes_sent: hub.counters.bytesSent,
        listener_peak: hub.counters.peak,
        drops_slow: hub.counters.slow,
        drops_kicked: hub.counters.kicked,
        refused: mount.counters.refused,
        range_probes: mount.counters.probes,
        groups: hub.groupCount,
      },
    }));
    await Promise.race([aborted(signal), fault]);
  } finally {
    for (const give of giveBack) give();
    hub.close();
    network.releaseFront(front);
  }
}
