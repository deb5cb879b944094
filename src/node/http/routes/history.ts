/**
 * What was: a stream's history, its titles, and who listens to it now.
 * @module
 */
import { z } from 'zod';
import { cleanText } from '../../../core/text.ts';
import { historySchema, SPANS } from '../../history/stream-history.ts';
import { nodeStatusSchema } from '../../status/schema.ts';
import { listenerIdOf, mountsOfStream } from '../listener-id.ts';
import { operation } from '../operation.ts';
import { playerOf } from '../player-name.ts';
import { type Answer, type Exchange, json, problem, type Route } from '../route.ts';
import { unlessReduced } from '../visibility.ts';

const spans = z.enum(SPANS);
/** Listeners that are listed one by one. */
const MAX_LISTED = 5000;

const NAME = [['NAME', 'Name of a stream']] as const;
const NO_STREAM = { 404: { description: 'There is no such stream' } } as const;

/** The answer where a stream is not there, or is not for everyone to see. */
export const noSuchStream = (): Answer => problem(404, 'There is no such stream');

function history({ view, params, fields }: Exchange): Answer {
  const span = spans.safeParse(fields.raw('span') ?? '1h');
  if (!span.success) return problem(400, 'span is 5m, 1h or 24h');
  const found = view.history.view(params[0]!, span.data);
  return found ? json(found) : noSuchStream();
}

const listenersSchema = z.object({
  total: z.int().min(0),
  players: z.array(z.object({ player: z.string(), count: z.int().min(1) })).describe('Most used first'),
  listeners: z
    .array(
      z.object({
        id: z.string().describe('For `DELETE /api/v1/streams/NAME/listeners/ID`'),
        mount: z.string(),
        address: z.string(),
        agent: z.string(),
        player: z.string(),
        connectedSeconds: z.number().min(0),
        bytesSent: z.number().min(0),
      }),
    )
    .optional()
    .describe('Administrators only; at most 5,000'),
});

function listeners({ view, params, isAdmin }: Exchange): Answer {
  const name = params[0]!;
  const mounts = mountsOfStream(view, name).filter((mount) => isAdmin || !mount.info().hidden);
  if (mounts.length === 0 && !view.hasStream(name)) return noSuchStream();
  const counts = new Map<string, number>();
  const listed: NonNullable<z.infer<typeof listenersSchema>['listeners']> = [];
  let total = 0;
  for (const mount of mounts) {
    for (const { id, address, agent, connectedMs, bytesSent } of mount.clients()) {
      const player = playerOf(agent);
      total++;
      counts.set(player, (counts.get(player) ?? 0) + 1);
      if (!isAdmin || listed.length >= MAX_LISTED) continue;
      listed.push({
        id: listenerIdOf(mount, id),
        mount: mount.mount,
        address,
        agent: cleanText(agent, 200),
        player,
        connectedSeconds: Math.floor(connectedMs / 1000),
        bytesSent,
      });
    }
  }
  const players = Array.from(counts, ([player, count]) => ({ player, count })).sort((a, b) => b.count - a.count);
  return json({ total, players, ...(isAdmin ? { listeners: listed } : {}) });
}

const titlesSchema = z.object({
  titles: nodeStatusSchema.shape.streams.element.shape.titles.describe('The last titles, newest first'),
});

function titles({ view, params }: Exchange): Answer {
  const stream = view.streamStatus(params[0]!);
  return stream ? json({ titles: stream.titles }) : noSuchStream();
}

/** The routes. */
export const HISTORY_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/streams/*/history',
    method: 'GET',
    role: 'viewer',
    tag: 'streams',
    summary: 'How a stream was',
    description: 'Steps of a second for 5 minutes, of 10 s for an hour, of 2 minutes for a day; kept in memory.',
    params: NAME,
    query: [['span', '`5m`, `1h` (default) or `24h`']],
    answers: { 200: { description: 'Columns of equal length', schema: historySchema }, ...NO_STREAM },
    handle: unlessReduced(history),
  }),
  operation({
    path: '/api/v1/streams/*/listeners',
    method: 'GET',
    role: 'viewer',
    tag: 'streams',
    summary: 'Who listens to a stream',
    description: 'Everyone is told counts by player; administrators also addresses and user agents.',
    params: NAME,
    answers: { 200: { description: 'Listeners', schema: listenersSchema }, ...NO_STREAM },
    handle: unlessReduced(listeners),
  }),
  operation({
    path: '/api/v1/streams/*/titles',
    method: 'GET',
    role: 'viewer',
    tag: 'streams',
    summary: 'The last titles of a stream',
    params: NAME,
    answers: { 200: { description: 'Titles', schema: titlesSchema }, ...NO_STREAM },
    handle: unlessReduced(titles),
  }),
];
