import { lookup as systemLookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { type Clock, systemClock } from '../core/clock.ts';
import { DistreamError, reasonOf } from '../core/errors.ts';
import type { DialTarget } from '../modules/network.ts';
import { parseNetworkList } from './address.ts';
import { createEgressPolicy } from './egress.ts';

/** How a dialer is made. */
export interface DialerOptions {
  /** `egress.allow`: addresses and networks that peers may lead to although they are not public. */
  readonly allow: readonly string[];
  /** All addresses of a name, the preferred first. Default: the system's resolver. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  /** The machine's own addresses. Default: those of its interfaces. */
  readonly ownAddresses?: () => readonly string[];
  /** Certificate authorities (PEM) that are trusted instead of the platform's. */
  readonly certificateAuthorities?: readonly string[];
  readonly clock?: Clock;
}

/** Of the addresses of a name, so many are tried. */
const MAX_ADDRESSES = 8;

/**
 * Makes the function behind `NetworkAccess.dial`: resolves, checks every address, and connects to one that was
 * checked, trying them in order and giving each a share of the time. It rejects with UNREACHABLE, TIMED_OUT or
 * ADDRESS_NOT_ALLOWED, or with the signal's reason. The socket is the caller's; an error that comes before the caller
 * listens is not thrown, `close` follows it.
 */
export function createDialer(options: DialerOptions): (target: DialTarget) => Promise<Socket> {
  const { lookup = resolveAll, ownAddresses = interfaceAddresses, clock = systemClock } = options;
  const policy = createEgressPolicy({ allow: parseNetworkList(options.allow), own: ownAddresses });

  async function checkedAddresses(target: DialTarget, deadlineMs: number): Promise<string[]> {
    const host = target.host.replace(/^\[(.*)\]$/, '$1');
    const all = isIP(host) ? [host] : await bounded(lookup(host), target, deadlineMs - clock.nowMs());
    const found = target.from === undefined ? all : all.filter((address) => isIP(address) === isIP(target.from!));
    if (found.length === 0 && all.length > 0) throw unreachable(target, new Error(otherFamily(target.from!)));
    const allowed = found.filter((address) => policy.refusal(address, target.trusted) === undefined);
    if (allowed.length > 0) return allowed.slice(0, MAX_ADDRESSES);
    const [refused] = found;
    if (refused === undefined) throw unreachable(target, new Error('the name has no address'));
    const address = `${refused} (${policy.refusal(refused, target.trusted)})`;
    throw new DistreamError('ADDRESS_NOT_ALLOWED', { url: target.displayUrl, address });
  }

  /** Settles as `work` does, or rejects when the time is over or the target's signal aborts. */
  function bounded<T>(work: Promise<T>, target: DialTarget, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abort = () => finish(() => reject(target.signal.reason));
      const timer = clock.after(timeoutMs, () => finish(() => reject(timedOut(target))));
      const finish = (settle: () => void) => {
        timer.cancel();
        target.signal.removeEventListener('abort', abort);
        settle();
      };
      target.signal.addEventListener('abort', abort);
      work.then(
        (value) => finish(() => resolve(value)),
        (error: unknown) => finish(() => reject(error)),
      );
    });
  }

  function connectTo(address: string, target: DialTarget, timeoutMs: number): Promise<Socket> {
    const socket = open(address, target, options.certificateAuthorities);
    const connected = new Promise<Socket>((resolve, reject) => {
      socket.once(target.tls ? 'secureConnect' : 'connect', () => resolve(socket));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('connection closed')));
    });
    // stays: an error between here and the caller's own listener must not end the process
    socket.on('error', () => {});
    return bounded(connected, target, timeoutMs).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
  }

  return async (target) => {
    target.signal.throwIfAborted();
    const deadlineMs = clock.nowMs() + target.timeoutMs;
    let failure: unknown;
    try {
      const addresses = await checkedAddresses(target, deadlineMs);
      for (const [index, address] of addresses.entries()) {
        const shareMs = (deadlineMs - clock.nowMs()) / (addresses.length - index);
        try {
          return await connectTo(address, target, Math.max(0, shareMs));
        } catch (error) {
          target.signal.throwIfAborted();
          failure = error;
        }
      }
    } catch (error) {
      target.signal.throwIfAborted();
      failure = error;
    }
    throw failure instanceof DistreamError ? failure : unreachable(target, failure);
  };
}

function open(address: string, target: DialTarget, authorities: readonly string[] | undefined): Socket {
  const to = { host: address, port: target.port, ...(target.from === undefined ? {} : { localAddress: target.from }) };
  if (!target.tls) return connect(to);
  const host = target.host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return connectTls({
    ...to,
    // an address has no server name (RFC 6066, section 3); the certificate is then checked against the address
    ...(isIP(host) ? {} : { servername: host }),
    ...(authorities ? { ca: [...authorities] } : {}),
    rejectUnauthorized: true,
  });
}

async function resolveAll(host: string): Promise<string[]> {
  const answers = await systemLookup(host, { all: true });
  return answers.map(({ address }) => address);
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

function otherFamily(from: string): string {
  return `there is no way from ${from} to an address of the other kind (IPv4, IPv6)`;
}

function timedOut(target: DialTarget): DistreamError {
  return new DistreamError('TIMED_OUT', { url: target.displayUrl, seconds: target.timeoutMs / 1000 });
}

function unreachable(target: DialTarget, cause: unknown): DistreamError {
  const reason = tlsReasonOf(cause) ?? reasonOf(cause);
  return new DistreamError('UNREACHABLE', { url: target.displayUrl, reason }, { cause });
}

/** The reason of an error of the TLS library, whose message is not for people; undefined for others. */
export function tlsReasonOf(error: unknown): string | undefined {
  const { library, reason } = (error ?? {}) as { library?: unknown; reason?: unknown };
  if (library !== 'SSL routines' || typeof reason !== 'string') return undefined;
  return reason === 'wrong version number' ? 'it does not speak TLS' : `TLS failed: ${reason}`;
}
