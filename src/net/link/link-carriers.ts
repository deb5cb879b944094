import type { ListenAddress } from '../../modules/network.ts';
import type { DatagramPort, StreamConnection } from './carrier.ts';
import type { DialStreamOptions } from './carriers/stream-dialer.ts';
import type { StreamListener, StreamListenerOptions } from './carriers/stream-listener.ts';
import type { UdpPort } from './carriers/udp-port.ts';

/** How sockets are made; tests hand in carriers that live in memory. */
export interface LinkCarriers {
  /** Port 0 takes any free one. Rejects with PORT_IN_USE, PORT_FORBIDDEN or ADDRESS_UNAVAILABLE. */
  openDatagramPort(address: ListenAddress): Promise<DatagramPort & Partial<Pick<UdpPort, 'lastSendError'>>>;
  /** Rejects with UNREACHABLE, TIMED_OUT and the like, or with the signal's reason. */
  dialStream(options: DialStreamOptions): Promise<StreamConnection>;
  /** Rejects as `openDatagramPort` does. */
  listenForStreams(options: StreamListenerOptions): Promise<StreamListener>;
}
