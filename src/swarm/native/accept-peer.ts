import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { SWARM_ALPN } from '../../protocols/swarm/peer-messages.ts';
import type { SecuredConnection } from './control-channel.ts';
import { TlsStretch } from './tls-stretch.ts';

const HANDSHAKE_MS = 10_000;
/** A list of one name (RFC 7301, section 3.1). */
const PROTOCOLS = Buffer.from(`${String.fromCharCode(SWARM_ALPN.length)}${SWARM_ALPN}`, 'latin1');

/** Begins TLS on a connection that came. `onSecured` takes it; one that fails, takes too long or speaks something else is closed. */
export function acceptPeer(
  socket: Socket,
  secureContext: SecureContext,
  clock: Clock,
  onSecured: (connection: SecuredConnection) => void,
): void {
  const stretch = new TlsStretch(socket);
  const tls = new TLSSocket(stretch, { isServer: true, secureContext, ALPNProtocols: PROTOCOLS });
  const fail = () => {
    timer.cancel();
    socket.destroy();
    tls.destroy();
  };
  const timer = clock.after(HANDSHAKE_MS, fail);
  socket.on('error', fail);
  socket.on('close', fail);
  tls.on('error', fail);
  tls.once('secure', () => {
    timer.cancel();
    if (tls.alpnProtocol !== SWARM_ALPN) return fail();
    socket.off('error', fail);
    socket.off('close', fail);
    tls.off('error', fail);
    onSecured({ socket, stretch, tls });
  });
}
