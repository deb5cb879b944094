/**
 * Tracks that are recorded, sent or heard now.
 * @module
 */
import { tracksSchema } from '../../../tracks/view/schema.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, json, type Route } from '../route.ts';
import { allowanceOf, liveAnswer, unlessReduced } from '../visibility.ts';

/** Who sees files, addresses and takes. */
function seesAll({ view, isAdmin, isThisMachine }: Exchange): boolean {
  return isAdmin || (view.takesFor === 'machine' && isThisMachine);
}

const audienceOf = (exchange: Exchange) => (seesAll(exchange) ? 'admin' : 'public');

function tracks(exchange: Exchange): Answer {
  return json(exchange.view.tracks.snapshot(audienceOf(exchange)));
}

function events(exchange: Exchange): Answer {
  const { view } = exchange;
  const audience = audienceOf(exchange);
  const isAllowed = allowanceOf(exchange, () => audience === 'admin' || view.publicView === 'full');
  return liveAnswer(view.tracks, { audience, isAllowed });
}

/** The routes. */
export const TRACK_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/tracks',
    method: 'GET',
    role: 'viewer',
    tag: 'tracks',
    summary: 'What is recorded, sent or heard as tracks now',
    description:
      'Sessions by name: `record` and `send` of the program around the node, `stream NAME` for streams of PCM and those ' +
      'with `wav` or `rtp` modules. Addresses, files and takes for administrators only; nothing with a reduced public view.',
    answers: { 200: { description: 'Tracks', schema: tracksSchema } },
    handle: unlessReduced(tracks, seesAll),
  }),
  operation({
    path: '/api/v1/tracks/events',
    method: 'GET',
    role: 'viewer',
    tag: 'tracks',
    summary: 'The same live, as Server-Sent Events',
    description:
      '`snapshot`: as `/api/v1/tracks`. `delta`: a JSON Merge Patch (RFC 7396) on it, twice a second. `meters`: twenty times ' +
      'a second, by session a list of three numbers for each channel of its tracks in order: peak and RMS of 50 ms in ' +
      'tenths of a dBFS (-1200 is silence), and 1 when three samples in a row were at full scale. Levels are measured only ' +
      'while somebody listens here. A client that does not read misses meters, then gets a snapshot again, then is cut off.',
    answers: {
      200: { description: 'Events without end', contentType: 'text/event-stream' },
      503: { description: 'Too many pages are open; `Retry-After` says for how long' },
    },
    handle: unlessReduced(events, seesAll),
  }),
];
