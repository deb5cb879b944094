import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { LinkAccess } from '../../modules/link.ts';
import type { DialTarget } from '../../modules/network.ts';
import type { CertificateFiles } from '../certificate/certificate-files.ts';
import { dialStream } from './carriers/stream-dialer.ts';
import { listenForStreams } from './carriers/stream-listener.ts';
import { openDatagramPort } from './carriers/udp-port.ts';
import { Links } from './links.ts';
import { NameCache } from './name-cache.ts';
import { Refusals } from './refusals.ts';

/** What the links of a node are made of. */
export interface NodeLinksOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
  /** Connects TCP after the egress check. */
  readonly dialer: (target: DialTarget) => Promise<Socket>;
  /** The node's own key, `dskey_...`; undefined: each link brings its own. */
  readonly privateKey: string | undefined;
  /** PEM files for TLS of those who come; undefined: one is made at the start. */
  readonly certificate?: CertificateFiles | undefined;
  /** All addresses of a name that is dialled by UDP, the preferred first. Default: the system's resolver. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

/** The links of a node. Its owner closes it. */
export interface NodeLinks extends LinkAccess {
  /** Tells every peer and ends all links, sockets and timers. */
  close(): Promise<void>;
}

/** Makes the links of a node; nothing is opened yet. */
export function createNodeLinks(options: NodeLinksOptions): NodeLinks {
  const { clock, log, random, dialer, privateKey } = options;
  const names = new NameCache(clock, options.lookup ?? resolveAll);
  const refusals = new Refusals(clock, log);
  const carriers = { openDatagramPort, dialStream, listenForStreams };
  return new Links(
    { clock, log, random, carriers, dialer, names, refusals, certificate: options.certificate },
    privateKey,
  );
}

async function resolveAll(host: string): Promise<string[]> {
  const answers = await lookup(host, { all: true });
  return answers.map(({ address }) => address);
}
