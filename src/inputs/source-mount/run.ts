import type { TrackMetadata } from '../../core/fragment.ts';
import type { InputContext } from '../../modules/input.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { EncoderMount } from './source-mount.ts';

/** What a module decides about its source mount. */
export interface RunOptions {
  readonly mount: string;
  readonly user: string;
  readonly password: string;
  readonly timeoutMs: number;
  /** Take PUT and SOURCE. */
  readonly http: boolean;
  /** Take SHOUTcast v1 on the port above. */
  readonly shoutcast: boolean;
  /** A port of its own; the node's port when left out. */
  readonly listen?: ListenAddress;
  readonly decorate?: (metadata: TrackMetadata) => TrackMetadata;
  /** JSON at `/stats` of a port of its own. */
  readonly stats?: (mount: EncoderMount) => unknown;
  /** Told about the mount once it is open. */
  readonly onOpen?: (mount: EncoderMount) => void;
}

/** Opens a source mount and keeps it until the input is stopped. */
export async function runSourceMount(context: InputContext<unknown>, options: RunOptions): Promise<void> {
  const { network, clock, log, streamName, fragmentMs, signal } = context;
  const mount = new EncoderMount({ ...options, streamName, fragmentMs, clock, log, openSession: context.openSession });
  const front = await network.front(options.listen);
  const giveBack: (() => void)[] = [];
  try {
    if (options.http) giveBack.push(front.claimSource(mount));
    if (options.shoutcast) giveBack.push(await front.claimShoutcast(mount));
    if (options.stats) giveBack.push(front.claimJson(['/stats', '/favicon.ico'], () => options.stats!(mount)));
    context.onReport(() => ({ counters: mount.counters, detail: { mount: options.mount } }));
    options.onOpen?.(mount);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    mount.close();
    for (const give of giveBack) give();
    network.releaseFront(front);
  }
}
