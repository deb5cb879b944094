import type { Fragment } from '../../core/fragment.ts';
import type { OutputContext } from '../../modules/output.ts';
import { WireStore } from '../../protocols/distreamer/wire-store.ts';
import type { StoreOptions } from './store-options.ts';

/** Numbers begin at the tenths of seconds since then, so that a restart of the program never gives out a number again. */
const NUMBERS_BEGIN_UTC_MS = Date.UTC(2026, 0, 1);

type Context = Pick<OutputContext<StoreOptions>, 'options' | 'stream' | 'clock' | 'memory'>;

interface Kept {
  readonly store: WireStore;
  /** Sequence of the newest fragment in it. */
  sequence: number | undefined;
}

/**
 * A store that holds what the stream's buffer holds, until `close`. A later attempt of the same output goes on with the
 * same store, so that its numbers mean the same to the other side.
 */
export function followStream(context: Context, onAppend: () => void): { store: WireStore; close: () => void } {
  const { stream, memory } = context;
  const kept = (memory.get('store') as Kept | undefined) ?? { store: makeStore(context), sequence: undefined };
  memory.set('store', kept);
  const take = (fragment: Fragment) => {
    const isMissed = kept.sequence !== undefined && fragment.sequence !== kept.sequence + 1;
    const gap = isMissed ? ({ cause: 'eviction', lostMs: undefined } as const) : undefined;
    kept.store.append(gap && !fragment.discontinuity ? { ...fragment, discontinuity: gap } : fragment);
    kept.sequence = fragment.sequence;
    kept.store.evictBefore(stream.buffer.oldest?.sequence ?? 0);
  };
  for (const fragment of stream.buffer.from((kept.sequence ?? -1) + 1)) take(fragment);
  const close = stream.onAppend((fragment) => {
    take(fragment);
    onAppend();
  });
  return { store: kept.store, close };
}

function makeStore({ options, stream, clock }: Context): WireStore {
  return new WireStore({
    metadataInterval: options.metadataInterval,
    fragmentBytes: options.fragmentSize,
    maxFragments: options.fragments,
    firstNumber: Math.max(1, Math.floor((clock.utcMs() - NUMBERS_BEGIN_UTC_MS) / 100)),
    firstSourceGeneration: Math.max(1, Math.floor(clock.utcMs() / 1000)),
    station: () => stream.station,
  });
}
