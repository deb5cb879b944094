/**
 * The swarm that this node publishes in, or that it is the page of.
 * @module
 */
import { swarmViewSchema } from '../../../swarm/view/swarm-view.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, json, type Route } from '../route.ts';
import { allowanceOf, liveAnswer, unlessReduced } from '../visibility.ts';

function swarm({ view, isAdmin }: Exchange): Answer {
  return json(view.swarm.view(isAdmin));
}

function events(exchange: Exchange): Answer {
  const { view, isAdmin } = exchange;
  const isAllowed = allowanceOf(exchange, () => view.publicView === 'full');
  return liveAnswer(view.swarm.feed, { audience: isAdmin ? 'admin' : 'public', isAllowed });
}

/** The routes. */
export const SWARM_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/swarm',
    method: 'GET',
    role: 'viewer',
    tag: 'swarm',
    summary: 'The swarm of this node: peers, files, what is carried, and the score',
    description:
      'No answer holds the address of a peer; administrators see networks. A node that publishes nothing in a swarm has no ' +
      '`dialects`. Looking costs the node something: it makes a view at most four times a second.',
    answers: { 200: { description: 'The swarm now', schema: swarmViewSchema } },
    handle: unlessReduced(swarm),
  }),
  operation({
    path: '/api/v1/swarm/events',
    method: 'GET',
    role: 'viewer',
    tag: 'swarm',
    summary: 'The swarm as it changes, as Server-Sent Events',
    description:
      '`snapshot`: as `/api/v1/swarm`. `delta`: a JSON Merge Patch (RFC 7396) on it, at most two a second, fewer where ' +
      'patches are large: 64 KiB a second on average. Who comes back gets a snapshot. A comment comes when nothing else ' +
      'did for 15 s. A client that does not read is cut off.',
    answers: {
      200: { description: 'Events without end', contentType: 'text/event-stream' },
      503: { description: 'Too many pages are open; `Retry-After` says for how long' },
    },
    handle: unlessReduced(events),
  }),
];
