import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { DialTarget } from '../../modules/network.ts';
import type { CertificateFiles } from '../certificate/certificate-files.ts';
import type { LinkCarriers } from './link-carriers.ts';
import type { NameCache } from './name-cache.ts';
import type { Refusals } from './refusals.ts';

/** What all parts of a node's links share. */
export interface LinkRuntime {
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
  readonly carriers: LinkCarriers;
  readonly dialer: (target: DialTarget) => Promise<Socket>;
  /** Addresses of names that are dialled by UDP. */
  readonly names: NameCache;
  readonly refusals: Refusals;
  /** For TLS of those who come, read again when it changes; undefined: one is made. The keys prove who is who, not this. */
  readonly certificate: CertificateFiles | undefined;
}
