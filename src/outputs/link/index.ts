import { aborted } from '../../core/aborted.ts';
import type { LinkHandle, LinkStatus } from '../../modules/link.ts';
import { type LinkModuleOptions, linkModuleSchema, linkOptionsOf } from '../../modules/link-options.ts';
import { defineOutput, type OutputContext, type OutputReport } from '../../modules/output.ts';
import { LineLog } from './line-log.ts';
import { Publisher } from './publisher.ts';

const MEMORY_KEY = 'publisher';
/** A side that only sends has no listeners of its own to hurry for. */
const SENDER_RESERVE_MS = 60_000;

type Context = OutputContext<LinkModuleOptions>;

/** Offers the stream to other nodes over the native link. */
export default defineOutput({
  type: 'link',
  summary:
    'The stream for other nodes over a line that may fail: the native link. What the other side misses in an outage is kept for it, as long as the buffer.',
  schema: linkModuleSchema,
  keepsLedger: true,
  async run(context) {
    const { options, network, signal, clock, log, onReport } = context;
    const publisher = publisherOf(context);
    try {
      const handle = await network.links.open(linkOptionsOf(options, SENDER_RESERVE_MS));
      const { store } = publisher;
      const send = (peer: string) =>
        handle
          .status()
          .findLast((link) => link.peer === peer)
          ?.sends.find(({ name }) => name === store.name);
      const words = new LineLog({ clock, log, keepMs: () => publisher.keepMs, send });
      const unsubscribe = handle.onChange((change) => words.change(change));
      try {
        onReport(() => reportOf(handle, publisher, options));
        handle.publish(store);
        await aborted(signal);
      } finally {
        unsubscribe();
        words.close();
        handle.close();
      }
    } finally {
      if (signal.aborted) forget(context, publisher);
    }
  },
});

/** What an attempt before left: the store goes on, whatever becomes of the link. */
function publisherOf({ options, memory, stream, clock, log, keepDir }: Context): Publisher {
  const kept = memory.get(MEMORY_KEY);
  if (kept instanceof Publisher) return kept;
  const publisher = new Publisher({ name: options.stream ?? stream.name, stream, clock, log, keepDir });
  memory.set(MEMORY_KEY, publisher);
  return publisher;
}

function forget({ memory }: Context, publisher: Publisher): void {
  memory.delete(MEMORY_KEY);
  publisher.close();
}

function reportOf(handle: LinkHandle, publisher: Publisher, { to, listen }: LinkModuleOptions): OutputReport {
  const links = handle.status();
  const { name } = publisher.store;
  const up = links.filter(({ state }) => state === 'up');
  const sends = links.flatMap((link) => link.sends.filter((send) => send.name === name));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);
  const lagMs = Math.max(0, ...sends.filter(({ isWanted }) => isWanted).map((send) => send.lagMs));
  return {
    state: up.length > 0 ? 'sending' : links.some(({ state }) => state === 'down') ? 'line down' : 'waiting',
    target: listen ? `${name} on port ${listen.port}` : `${name} to ${[to ?? []].flat().join(', ')}`,
    counters: {
      ...publisher.counters,
      resent_bytes: sum(sends.map(({ resentBytes }) => resentBytes)),
      skipped_bytes: sum(sends.map(({ skippedBytes }) => skippedBytes)),
      connects: sum(links.map(({ connects }) => connects)),
    },
    detail: {
      receivers: up.length,
      keptSeconds: Math.round(publisher.keepMs / 1000),
      ...worstLine(up, links),
      ...behind(lagMs),
    },
  };
}

function behind(lagMs: number) {
  return lagMs > 0 ? { behindSeconds: Math.round(lagMs / 100) / 10 } : {};
}

/** Of the line with the longest round trip, or the one that cannot connect. */
function worstLine(up: readonly LinkStatus[], links: readonly LinkStatus[]): Record<string, string | number> {
  const error = links.find(({ lastError }) => lastError !== undefined)?.lastError;
  const paths = up.flatMap((link) => link.paths.filter(({ state }) => state === 'alive'));
  const rttMs = Math.round(Math.max(0, ...paths.map((path) => path.rttMs)));
  return {
    ...(up.length === 1 && { peer: up[0]!.peer }),
    paths: paths.length,
    ...(rttMs > 0 && { rttMs }),
    ...(error !== undefined && { error }),
  };
}
