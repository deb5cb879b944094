/**
 * What people and machines may see of a swarm: plain data without an address, small enough for a page. Peers, files and
 * lines between peers are maps by id, so that a patch can name one.
 * @module
 */
import { z } from 'zod';

/** Peers, files and pairs of peers that a view names; the rest is counted. */
export const MAX_PEERS = 2000;
export const MAX_FILES = 500;
export const MAX_FLOWS = 400;
/** The server's id in `flows`. */
export const SERVER_ID = 's';

const count = z.int().min(0);
const bytes = z.number().min(0);
const ratio = z.number().min(0).max(1);

const peerSchema = z.object({
  dialect: z.enum(['pdtp', 'pdtps']),
  trust: z.enum(['trusted', 'new', 'suspected', 'convicted']).describe('As a giver'),
  reach: z.enum(['reachable', 'firewalled', 'unknown']).describe('Whether others can connect to it'),
  progress: ratio.optional().describe('Missing where it has no end'),
  given: bytes.describe('Bytes, three digits of them'),
  taken: bytes.describe('Bytes, three digits of them'),
  network: z.string().optional().describe('Its /24 or /48; administrators only'),
});

const fileSchema = z.object({
  path: z.string(),
  size: bytes,
  chunks: count,
  live: z.boolean(),
  givers: count.describe('With the server'),
  takers: count,
  progress: ratio.optional().describe('Mean of who wants it; missing where nobody does, or it has no end'),
  share: ratio.optional().describe('Carried by peers'),
  shareBound: ratio.optional().describe('The most that peers could have carried'),
  serverCopies: z.number().min(0).optional().describe('What the server gave, in copies of the file'),
});

/** A view of a swarm, as `GET /api/v1/swarm` answers it. */
export const swarmViewSchema = z.object({
  name: z.string().describe('Of the server, in addresses'),
  dialects: z.array(z.enum(['pdtp', 'pdtps'])).describe('Spoken here; none: this node publishes nothing in a swarm'),
  score: z.object({
    share: ratio.optional().describe('Share of the payload that peers carried; missing before the first byte'),
    shareBound: ratio
      .optional()
      .describe('The most that peers could: min(1 - 1/N, sum of uplinks / (N rate)); the second part for streams'),
    score: ratio.optional().describe('`share` over `shareBound`, as `distream simulate` gives it for a stream'),
    timeScore: ratio
      .optional()
      .describe(
        'Of files: what arrived over what all uplinks could have carried meanwhile, as `distream simulate` gives it; ' +
          'missing where uplinks are not known',
      ),
    serverCopies: z.number().min(0).optional().describe('What the server gave of files, in copies'),
  }),
  totals: z.object({
    right: count.describe('Transfers whose hash was right'),
    wrong: count,
    failed: count,
    tooSlow: count,
    bytesFromServer: bytes,
    bytesFromPeers: bytes,
  }),
  rates: z
    .object({ fromServer: bytes, fromPeers: bytes, possible: bytes.optional() })
    .describe('Bytes a second over the last seconds, and what all uplinks could carry; missing at first')
    .optional(),
  counts: z.object({
    peers: count,
    trusted: count,
    new: count,
    suspected: count,
    convicted: count,
    reachable: count,
    firewalled: count,
    unknown: count,
    files: count,
    transfers: count.describe('Under way'),
  }),
  peers: z
    .record(z.string(), peerSchema)
    .describe(`By a number that tells nothing of the address; at most ${MAX_PEERS}`),
  files: z
    .record(z.string(), fileSchema)
    .describe(`By a number, those that somebody takes first; at most ${MAX_FILES}`),
  flows: z
    .record(z.string(), z.int().min(1))
    .describe(`Chunks on their way by \`GIVER>TAKER\`, \`${SERVER_ID}\` is the server; at most ${MAX_FLOWS}`),
});

/** A view of a swarm. */
export type SwarmView = z.infer<typeof swarmViewSchema>;
/** A peer in a view. */
export type SwarmPeerView = z.infer<typeof peerSchema>;
/** A file in a view. */
export type SwarmFileView = z.infer<typeof fileSchema>;
