/**
 * The live feed and the log.
 * @module
 */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, json, problem, type Route } from '../route.ts';
import { allowanceOf, liveAnswer } from '../visibility.ts';

const MAX_CHOSEN_STREAMS = 50;
const MAX_NAME_LENGTH = 64;

/** An entry of the log, as the API gives it. */
export const logEntrySchema = z.object({
  id: z.int().min(1).describe('Counts up, also from one run of the node to the next'),
  utc: z.iso.datetime(),
  level: z.enum(['info', 'warn', 'error']),
  stream: z.string().optional().describe('Missing when it is about the node'),
  text: z.string(),
  detail: z.record(z.string(), z.string()).optional().describe('Named values that go with it'),
});

const levels = z.enum(['info', 'warn', 'error']);

function chosenStreams(list: string | undefined): ReadonlySet<string> | undefined {
  if (list === undefined) return undefined;
  const names = list.split(',').slice(0, MAX_CHOSEN_STREAMS);
  return new Set(names.filter((name) => name !== '' && name.length <= MAX_NAME_LENGTH).sort());
}

function events(exchange: Exchange): Answer {
  const { view, isAdmin, fields, header } = exchange;
  return liveAnswer(view.feed, {
    audience: isAdmin ? 'admin' : 'public',
    streams: chosenStreams(fields.raw('streams')),
    lastEventId: header('last-event-id'),
    isAllowed: allowanceOf(exchange, () => view.publicView !== 'off'),
  });
}

function log({ view, fields }: Exchange): Answer {
  const level = levels.safeParse(fields.raw('level') ?? 'info');
  const after = fields.raw('after') ?? '0';
  if (!level.success) return problem(400, 'level is info, warn or error');
  if (!/^\d{1,15}$/.test(after)) return problem(400, 'after is the id of an entry');
  const stream = fields.raw('stream');
  return json({ entries: view.events.entries({ after: Number(after), level: level.data, stream }) });
}

/** The routes. */
export const EVENT_ROUTES: readonly Route[] = [
  operation({
    path: '/api/v1/events',
    method: 'GET',
    role: 'viewer',
    tag: 'events',
    summary: 'The live feed, as Server-Sent Events',
    description:
      '`snapshot`: `{ status, log }`: the status as `/api/v1/status` gives it, but with `streams` as an object by name, and ' +
      'the last 50 entries of the log (none for the public). `delta`: a JSON Merge Patch (RFC 7396) on `status`, at most ' +
      'two a second. `log`: one entry, for administrators. Each has an `id`; who comes back with `Last-Event-ID` is ' +
      'told what it missed, or gets a snapshot. A comment comes when nothing else did for 15 s. A client that does not ' +
      'read is cut off.',
    query: [['streams', 'Names of streams, separated by commas, at most 50: only these']],
    answers: {
      200: { description: 'Events without end', contentType: 'text/event-stream' },
      503: { description: 'Too many pages are open; `Retry-After` says for how long' },
    },
    handle: events,
  }),
  operation({
    path: '/api/v1/log',
    method: 'GET',
    role: 'admin',
    tag: 'events',
    summary: 'The newest lines of the log, in words, oldest first',
    description: 'At most the last 1,000.',
    query: [
      ['after', 'Only entries with a higher id'],
      ['level', '`info`, `warn` or `error`: this and what is more serious'],
      ['stream', 'Only entries about this stream'],
    ],
    answers: {
      200: { description: 'Entries', schema: z.object({ entries: z.array(logEntrySchema) }) },
      400: { description: 'A field of the query is wrong' },
    },
    handle: log,
  }),
];
