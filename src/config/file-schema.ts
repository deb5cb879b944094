/**
 * The schema of a configuration file: the one source of its types, defaults,
 * documentation (`docs/configuration.md`) and JSON Schema. The options of an
 * input or output are its module's own schema.
 * @module
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { linkKey } from '../modules/link-options.ts';
import { durationMs, extent, generatedSecret, mountPath } from '../modules/values.ts';

const STREAM_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;

/** An address such as `192.0.2.7`, or a network such as `10.0.0.0/8`. */
function network() {
  return z.string().max(64).refine(isNetwork, 'expected an address such as 192.0.2.7 or a network such as 10.0.0.0/8');
}

function isNetwork(text: string): boolean {
  const [address, bits, more] = text.split('/');
  const family = isIP(address!);
  if (!family || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

const tls = z
  .strictObject({
    certificate: z.string().min(1).describe('PEM file with the certificate and its chain.'),
    key: z.string().min(1).describe('PEM file with the private key.'),
  })
  .describe('With it the port speaks TLS as well as plain HTTP. The files are read again when they change.');

/** The shared port. */
export const httpSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .max(255)
      .default('::')
      .describe('Address to listen on; `::` is every address, `127.0.0.1` only this machine.'),
    port: z
      .int()
      .min(0)
      .max(65534)
      .default(8000)
      .describe('TCP port for players, sources, API and pages. SHOUTcast v1 sources use the next port.'),
    tls: tls.optional(),
    aliases: z
      .record(mountPath(), mountPath())
      .default({})
      .describe('Old path to mount, so that a published address never dies.'),
    publicView: z
      .enum(['full', 'reduced', 'off'])
      .default('full')
      .describe(
        'What everyone sees of the streams: `full` all but addresses and details; `reduced` name, title, state and where to listen; `off` nothing.',
      ),
    trustedProxies: z
      .array(network())
      .max(256)
      .default([])
      .describe('Reverse proxies whose `X-Forwarded-For` is believed.'),
    deny: z
      .strictObject({
        addresses: z.array(network()).max(10_000).default([]).describe('Addresses and networks that are refused.'),
        agents: z
          .array(z.string().min(1).max(256))
          .max(1000)
          .default([])
          .describe('Refused when the user agent contains it; case does not matter.'),
      })
      .prefault({})
      .describe('Listeners and sources that are refused.'),
    limits: z
      .strictObject({
        connections: z.int().min(1).max(1_000_000).default(20_000).describe('Connections at once.'),
        connectionsPerAddress: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(2000)
          .describe('Connections at once from one address; an IPv6 /64 counts as one.'),
        listenersPerAddress: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(1000)
          .describe('Listeners at once from one address.'),
      })
      .prefault({})
      .describe('How much is served at once.'),
  })
  .describe('The port that players, sources, API and pages share.');

/** The administrator. */
export const adminSchema = z
  .strictObject({
    user: z.string().min(1).max(64).default('admin').describe('Name for the administrator.'),
    password: generatedSecret().describe(
      'Password for the administrator. Left out: made once; `distream credentials` shows it.',
    ),
    tokens: z
      .record(
        z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name has letters, digits and ._- and at most 64 of them'),
        z
          .string()
          .max(1024)
          .regex(
            /^(sha256:[0-9a-fA-F]{64}|[A-Za-z0-9._~+/=-]{24,512})$/,
            'expected sha256: and 64 hexadecimal digits, or { file: ... } with a token of at least 24 characters',
          )
          .meta({ secret: true }),
      )
      .default({})
      .describe(
        'Tokens of machines by name, for `Authorization: Bearer`. As `sha256:` and the hash of the token, or `{ file: token.txt }`; `distream passwd --token` makes one.',
      ),
  })
  .describe('Who may see and change everything.');

/** Where connections may go. */
export const egressSchema = z
  .strictObject({
    allow: z
      .array(network())
      .max(256)
      .default([])
      .describe('Private addresses or networks to which redirects and playlists of pulled streams may lead.'),
  })
  .describe(
    'Where the node may connect to. Public addresses, and what you write into the configuration yourself, are always allowed.',
  );

/** Links to other nodes. */
export const linkSchema = z
  .strictObject({
    key: linkKey('private')
      .meta({ secret: true, generate: true })
      .optional()
      .describe(
        'Private key of this node, `dskey_...`. Left out: made once when a stream uses a link; `distream credentials` shows its public key for the other side.',
      ),
  })
  .describe('What this node is to others on native links.');

/** Takes of recorded tracks. */
export const tracksSchema = z
  .strictObject({
    takes: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        'Folder in which `distream record` keeps takes: administrators see and download them on the Tracks page.',
      ),
  })
  .describe('What the Tracks page shows beside the streams.');

const logLevel = () => z.enum(['silent', 'error', 'warn', 'info', 'debug']);

/** The log. */
export const logSchema = z
  .strictObject({
    level: logLevel().default('info').describe('How much is logged.'),
    file: z.string().min(1).max(4096).optional().describe('Also write JSON lines to this file.'),
    fileLevel: logLevel().optional().describe('How much is written to the file. Default: as `level`.'),
  })
  .describe('What is logged. The command line option `--log-level` wins.');

const moduleUse = (family: string) =>
  z.looseObject({
    type: z.string().min(1).max(256).describe(`The kind of ${family}, or the name of a package that provides one.`),
  });

/** One stream, its modules' options left open. */
export const streamSchema = z
  .strictObject({
    buffer: z
      .union([
        extent(),
        z.strictObject({
          keep: extent().describe('Audio kept, as a time or a size.'),
          path: z
            .string()
            .min(1)
            .max(4096)
            .describe('Folder in which links keep it too, so that a restart of the process loses nothing.'),
        }),
      ])
      .prefault('60s')
      .describe(
        'Audio kept, as a time or a size; or `{ keep: 60s, path: ./keep }`: then what links hold outlives the process.',
      ),
    reserve: extent()
      .optional()
      .describe(
        'How far behind its newest audio the outputs play; an outage so long is not heard. Default: `0s`; for an input over a line the whole buffer.',
      ),
    start: z
      .enum(['now', 'full'])
      .default('now')
      .describe('`now`: sound as soon as there is any; `full`: when the reserve is full.'),
    fragment: durationMs({ min: '50ms', max: '10s' }).prefault('500ms').describe('Length of a fragment.'),
    silence: durationMs({ min: '100ms', max: '10m' })
      .prefault('2s')
      .describe(
        'An input that gave nothing for so long counts as silent; then the next fallback takes over before the reserve is used up.',
      ),
    input: moduleUse('input').describe('Where the audio comes from.'),
    fallback: z
      .array(moduleUse('input'))
      .max(16)
      .default([])
      .describe('Inputs that take over while those before them are silent, best first.'),
    outputs: z.array(moduleUse('output')).max(100).default([]).describe('Where the audio goes.'),
  })
  .describe('A flow of audio: one input at a time, any number of outputs.');

/** A whole file. */
export const fileSchema = z.strictObject({
  http: httpSchema.prefault({}),
  admin: adminSchema.prefault({}),
  egress: egressSchema.prefault({}),
  link: linkSchema.optional(),
  tracks: tracksSchema.optional(),
  log: logSchema.prefault({}),
  streams: z
    .record(
      z
        .string()
        .regex(
          STREAM_NAME,
          'a name has letters, digits and ._- and at most 64 of them, and begins with a letter or digit',
        ),
      streamSchema,
    )
    .refine((streams) => Object.keys(streams).length > 0, 'name at least one stream')
    .refine((streams) => Object.keys(streams).length <= 1000, 'at most 1000 streams fit into one node')
    .describe('The streams by name.'),
});
