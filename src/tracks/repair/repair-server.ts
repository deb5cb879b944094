import { createServer, type Server } from 'node:net';
import { listenOn } from '../../net/listen.ts';
import { MAX_CONNECTIONS, RepairDesk, type RepairDeskOptions } from './repair-desk.ts';

/** How a sender serves what was lost, and where. */
export interface RepairServerOptions extends RepairDeskOptions {
  /** Undefined: all addresses. */
  readonly host?: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

/** Serves the sound of a session to recorders over TCP, while it is sent and after. */
export class RepairServer {
  /** The port it got. */
  readonly port: number;
  /** Who does the work. */
  readonly desk: RepairDesk;
  readonly #server: Server;

  private constructor(server: Server, port: number, options: RepairServerOptions) {
    this.#server = server;
    this.port = port;
    const desk = new RepairDesk(options);
    this.desk = desk;
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket) => desk.accept(socket, socket.remoteAddress ?? ''));
    server.on('error', () => undefined);
  }

  /** Rejects with PORT_IN_USE, PORT_FORBIDDEN or ADDRESS_UNAVAILABLE. */
  static async open(options: RepairServerOptions): Promise<RepairServer> {
    const server = createServer();
    const { port } = await listenOn(server, { host: options.host ?? '::', port: options.port });
    return new RepairServer(server, port, options);
  }

  /** Ends all connections. */
  close(): void {
    this.#server.close();
    this.desk.close();
  }
}
