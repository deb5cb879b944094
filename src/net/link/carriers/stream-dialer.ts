import { randomBytes } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../../../core/clock.ts';
import { DistreamError, reasonOf } from '../../../core/errors.ts';
import type { LinkAddress } from '../../../modules/link.ts';
import type { DialTarget } from '../../../modules/network.ts';
import { checkUpgradeAnswer, upgradeRequest } from '../../../protocols/websocket/upgrade.ts';
import { tlsReasonOf } from '../../dial.ts';
import type { StreamConnection } from '../carrier.ts';
import { openTunnel, type ProxyAddress, parseProxy } from './connect-proxy.ts';
import { LengthWire, WebSocketWire } from './message-wire.ts';
import { readAnswer } from './read-answer.ts';
import { SocketConnection } from './socket-connection.ts';

const KEY_BYTES = 16;
/** Ports that a URL of the scheme leaves out. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { ws: 80, wss: 443 };

/** Where to connect a stream carrier, and how. */
export interface DialStreamOptions {
  /** Its carrier is `tls`, `wss` or `ws`. */
  readonly address: LinkAddress;
  /** Local address to connect from; undefined: as the system routes. */
  readonly from?: string | undefined;
  /** HTTP proxy, `http://user:password@host:port`; undefined: none. */
  readonly proxy?: string | undefined;
  readonly dialer: (target: DialTarget) => Promise<Socket>;
  /** For everything until the connection stands. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** What the steps of one attempt share. */
interface Attempt extends DialStreamOptions {
  readonly carrier: StreamConnection['carrier'];
  /** Without brackets. */
  readonly host: string;
  /** `host:port`, an IPv6 address in brackets. */
  readonly authority: string;
  /** For people. */
  readonly url: string;
  readonly proxyAddress: ProxyAddress | undefined;
}

/**
 * Connects by TCP, through the proxy when there is one, and starts TLS and WebSocket as the carrier wants. Rejects with
 * UNREACHABLE, TIMED_OUT or REFUSED (by the proxy), or with the signal's reason. The connection is the caller's.
 */
export async function dialStream(options: DialStreamOptions): Promise<StreamConnection> {
  const attempt = attemptOf(options);
  const { clock, dialer, signal, timeoutMs, proxyAddress, from, url } = attempt;
  const deadlineMs = clock.nowMs() + timeoutMs;
  const { host, port } = proxyAddress ?? { host: attempt.host, port: options.address.port };
  const displayUrl = proxyAddress ? `the proxy ${proxyAddress.display}` : url;
  const socket = await dialer({ host, port, tls: false, timeoutMs, signal, displayUrl, trusted: true, from });
  socket.setNoDelay(true);
  return bounded(establish(attempt, socket), attempt, socket, deadlineMs - clock.nowMs());
}

function attemptOf(options: DialStreamOptions): Attempt {
  const { address, proxy } = options;
  const { carrier, port, path } = address;
  if (carrier === 'udp') throw new DistreamError('INTERNAL', { reason: 'a UDP address is no stream' });
  const host = address.host.replace(/^\[(.*)\]$/, '$1');
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const url = `${carrier}://${authority}${carrier === 'tls' ? '' : path}`;
  return {
    ...options,
    carrier,
    host,
    authority,
    url,
    proxyAddress: proxy === undefined ? undefined : parseProxy(proxy),
  };
}

/** Settles as `work` does, or rejects when the time is over or the signal aborts; the socket ends with a rejection. */
function bounded<T>(
  work: Promise<T>,
  { clock, signal, url, timeoutMs }: Attempt,
  socket: Socket,
  leftMs: number,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const finish = (settle: () => void) => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      settle();
    };
    const fail = (error: unknown) =>
      finish(() => {
        socket.destroy();
        reject(error);
      });
    const abort = () => fail(signal.reason);
    const late = () => fail(new DistreamError('TIMED_OUT', { url, seconds: timeoutMs / 1000 }));
    const timer = clock.after(Math.max(0, leftMs), late);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    work.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => fail(explain(error, url)),
    );
  });
}

function explain(error: unknown, url: string): unknown {
  if (error instanceof DistreamError) return error;
  const reason = tlsReasonOf(error) ?? reasonOf(error);
  return new DistreamError('UNREACHABLE', { url, reason }, { cause: error });
}

async function establish(attempt: Attempt, tcp: Socket): Promise<StreamConnection> {
  const { carrier, proxyAddress, authority, clock } = attempt;
  if (proxyAddress) await openTunnel(tcp, proxyAddress, authority);
  const socket = carrier === 'ws' ? tcp : await startTls(attempt, tcp);
  if (carrier === 'tls') return new SocketConnection({ socket, carrier, wire: new LengthWire(), clock });
  await upgrade(attempt, socket);
  return new SocketConnection({ socket, carrier, wire: new WebSocketWire('client'), clock });
}

function startTls({ carrier, host }: Attempt, tcp: Socket): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: tcp,
      // an address has no server name (RFC 6066, section 3)
      ...(isIP(host) ? {} : { servername: host.replace(/\.$/, '') }),
      ...(carrier === 'wss' ? { ALPNProtocols: ['http/1.1'] } : {}),
      minVersion: 'TLSv1.2',
      // The handshake of the link inside proves who the peer is and keeps everything secret by its own keys. TLS is
      // only there to get through: nodes have certificates of their own making, and no authority knows them.
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => resolve(socket));
    // stays: an error between here and the owner's listener must not end the process
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('it closed the connection')));
  });
}

async function upgrade({ carrier, authority, address }: Attempt, socket: Socket): Promise<void> {
  const isDefaultPort = DEFAULT_PORTS[carrier] === address.port;
  const key = randomBytes(KEY_BYTES).toString('base64');
  const hostHeader = isDefaultPort ? authority.slice(0, authority.lastIndexOf(':')) : authority;
  socket.write(upgradeRequest({ host: hostHeader, path: address.path || '/', key }));
  const answer = await readAnswer(socket);
  checkUpgradeAnswer(answer, key);
}
