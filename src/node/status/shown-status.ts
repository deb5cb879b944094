/**
 * The status as each kind of asker may see it.
 * @module
 */
import { z } from 'zod';
import type { MountDirectory } from '../../modules/network.ts';
import { publicStatus } from './public-status.ts';
import { type NodeStatus, nodeStatusSchema } from './schema.ts';

/** How much strangers see: the public status, only what a listener needs, or nothing. */
export type PublicView = 'full' | 'reduced' | 'off';

const shape = nodeStatusSchema.shape;
const streamShape = shape.streams.element.shape;

/** What strangers see of a node with a reduced public view. */
export const reducedStatusSchema = z.object({
  node: z.object({ version: shape.node.shape.version }),
  streams: z.array(
    z.object({
      name: streamShape.name,
      state: streamShape.state,
      since: streamShape.since,
      metadata: streamShape.metadata,
      listen: z
        .array(z.object({ path: z.string(), port: z.int().optional() }))
        .describe('Where to listen; `port` when it is another than this'),
    }),
  ),
  links: z.array(z.never()).describe('Always empty'),
});

/** A reduced status. */
export type ReducedStatus = z.infer<typeof reducedStatusSchema>;

/** What the shown status is made from. */
export interface ShownParts {
  readonly publicView: PublicView;
  status(): NodeStatus;
  directory(): MountDirectory;
  /** The port of the pages; undefined when there is none. */
  readonly port?: number | undefined;
}

/** The status for administrators, or for everyone else. */
export function shownStatus(parts: ShownParts, isAdmin: boolean): NodeStatus | ReducedStatus {
  const whole = parts.status();
  if (isAdmin) return whole;
  if (parts.publicView !== 'full') return reducedStatus(whole, parts);
  const shown = parts.directory().listeners.filter((mount) => !mount.info().hidden);
  return publicStatus(whole, new Set(shown.map(({ mount }) => mount)));
}

function reducedStatus({ node, streams }: NodeStatus, { publicView, directory, port }: ShownParts): ReducedStatus {
  const version = node.version;
  if (publicView === 'off') return { node: { version }, streams: [], links: [] };
  const mounts = directory();
  return {
    node: { version },
    streams: streams.map(({ name, state, since, metadata }) => ({
      name,
      state,
      since,
      ...(metadata ? { metadata } : {}),
      listen: mounts.listeners
        .map((mount) => ({ mount, info: mount.info(), at: mounts.portOf(mount) }))
        .filter(({ info }) => info.streamName === name && !info.hidden)
        .map(({ mount, at }) => ({
          path: mount.mount === '*' ? '/stream' : mount.mount,
          ...(at === undefined || at === port ? {} : { port: at }),
        })),
    })),
    links: [],
  };
}
