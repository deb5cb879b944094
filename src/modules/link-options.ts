/**
 * The options that the input `link` and the output `link` have in common.
 * @module
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { type KeyKind, parseKey } from '../protocols/link/keys.ts';
import type { LinkOptions, LinkPeer } from './link.ts';
import { DEFAULT_LINK_PORT, parseLinkAddress } from './link-address.ts';
import { bytesPerSecond } from './values.ts';

const MAX_NAME_BYTES = 255;
const MAX_ADDRESSES = 16;
const MAX_PEERS = 256;
const PROXY = /^http:\/\/(?:[^\s/@]{1,512}@)?(?:\[[0-9a-f:.]{2,45}\]|[^\s/:@[\]]{1,253}):\d{1,5}\/?$/i;

/** An option that is a key of a link, as text. */
export function linkKey(kind: KeyKind) {
  const key = z
    .string()
    .max(200)
    .transform((text) => text.trim())
    .superRefine((text, context) => {
      const parsed = parseKey(text, kind);
      if (parsed.kind === 'invalid') context.addIssue({ code: 'custom', message: parsed.reason });
    });
  return kind === 'public' ? key : key.meta({ secret: true });
}

/** Addresses of a link's other side, written one or several. */
function addresses() {
  const one = z
    .string()
    .max(600)
    .refine(
      (text) => parseLinkAddress(text) !== undefined,
      'expected an address such as relay.example:4090, udp://host:port, tls://host:port or wss://host/path, without user and password',
    );
  return z.union([one, z.array(one).min(1).max(MAX_ADDRESSES)]);
}

function localAddress() {
  return z
    .string()
    .max(64)
    .refine((text) => isIP(text) !== 0, 'expected an address of this machine such as 192.0.2.7');
}

function peerName() {
  return z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'a name has letters, digits, spaces and ._-');
}

const options = z.strictObject({
  to: addresses()
    .optional()
    .describe(
      'Where the other side listens; then this side dials. One address or a list, used together as paths: `host:port` goes by UDP and TLS, `udp://host:port`, `tls://host:port`, `wss://host/path` and `ws://host/path` by that alone. Left out, the port is 4090 (443 and 80 for WebSockets). Either `to` or `listen`.',
    ),
  listen: z
    .strictObject({
      host: z.string().min(1).max(255).default('::').describe('Address to listen on; `::` is every address.'),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(DEFAULT_LINK_PORT)
        .describe('Port of UDP and of TCP, which takes TLS and WebSockets.'),
    })
    .optional()
    .describe('Where this side waits for the other. Streams that listen on the same port with the same keys share it.'),
  from: z
    .array(localAddress())
    .max(MAX_ADDRESSES)
    .default([])
    .describe('Addresses of this machine to dial from, each a path of its own. Empty: as the system routes.'),
  peer: linkKey('public')
    .optional()
    .describe('Public key of the other side, `dspub_...`. One of `peer`, `peers` and `sharedKey`.'),
  peers: z
    .record(peerName(), linkKey('public'))
    .refine((peers) => Object.keys(peers).length > 0, 'name at least one peer')
    .refine((peers) => Object.keys(peers).length <= MAX_PEERS, `at most ${MAX_PEERS} peers`)
    .optional()
    .describe('Public keys of those who may connect, by a name that you choose. Only for a side that listens.'),
  sharedKey: linkKey('shared')
    .optional()
    .describe('Key that both sides have, `dsshared_...`, made by `distream keygen --shared`. Instead of public keys.'),
  key: linkKey('private')
    .optional()
    .describe('Private key of this side, `dskey_...`. Left out: that of the node, see `link`.'),
  policy: z
    .enum(['race', 'duplicate', 'spread'])
    .default('race')
    .describe(
      'How several paths are used. `race`: the best one, and the next when an answer is late; `duplicate`: everything on all; `spread`: each carries a part.',
    ),
  maxRate: bytesPerSecond()
    .optional()
    .describe('The most that is sent on one path, for example `2Mbit/s`. Left out: as much as the line takes.'),
  stream: z
    .string()
    .min(1)
    .refine((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES, `at most ${MAX_NAME_BYTES} bytes`)
    .optional()
    .describe('Name of the stream on the link; both sides must say the same. Left out: the name of the stream here.'),
  proxy: z
    .string()
    .max(1024)
    .refine((text) => isProxy(text), 'expected a proxy such as http://user:password@host:3128')
    .meta({ secret: true })
    .optional()
    .describe('HTTP proxy through which TLS and WebSockets are dialled: `http://user:password@host:port`.'),
});

function isProxy(text: string): boolean {
  return PROXY.test(text) && URL.canParse(text);
}

/** A link's options as validated, without what is only the input's or the output's. */
export type LinkModuleOptions = z.output<typeof options>;

/** The schema that both modules use. */
export const linkModuleSchema = options.superRefine((value, context) => {
  const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  const ways = (['to', 'listen'] as const).filter((key) => value[key] !== undefined);
  if (ways.length === 0) complain(['to'], 'say where to connect (`to`) or where to wait (`listen`)');
  if (ways.length === 2) complain(['listen'], 'a side either dials (`to`) or waits (`listen`), not both');
  const keys = (['peer', 'peers', 'sharedKey'] as const).filter((key) => value[key] !== undefined);
  if (keys.length === 0) complain(['peer'], 'say who the other side is: `peer`, `peers` or `sharedKey`');
  if (keys.length > 1)
    complain([keys[1]!], `only one of \`peer\`, \`peers\` and \`sharedKey\`; there is ${keys[0]} too`);
  if (value.to !== undefined && value.peers) complain(['peers'], 'a side that dials has one peer: write `peer`');
  if (value.sharedKey && value.key) complain(['key'], 'with a shared key there is no private key');
  for (const key of ['from', 'proxy'] as const) {
    const isSet = key === 'from' ? value.from.length > 0 : value.proxy !== undefined;
    if (isSet && value.to === undefined) complain([key], 'this is for a side that dials (`to`)');
  }
});

/** Which link a module with these options wants. */
export function linkOptionsOf(options: LinkModuleOptions, reserveMs: number): LinkOptions {
  const { to = [], listen, from, sharedKey, key, policy, maxRate, proxy } = options;
  return {
    to: [to].flat().flatMap((text) => parseLinkAddress(text) ?? []),
    from,
    listen,
    peers: peersOf(options),
    sharedKey,
    privateKey: key,
    policy,
    maxBytesPerSecond: maxRate,
    reserveMs,
    proxy,
  };
}

function peersOf({ to, peer, peers, sharedKey }: LinkModuleOptions): LinkPeer[] {
  const [first] = [to ?? []].flat().flatMap((text) => parseLinkAddress(text) ?? []);
  if (peers) return Object.entries(peers).map(([name, publicKey]) => ({ name, publicKey }));
  if (sharedKey) return [{ name: first?.host ?? 'the other side', publicKey: undefined }];
  return peer ? [{ name: first?.host ?? `${peer.slice(0, 14)}...`, publicKey: peer }] : [];
}
