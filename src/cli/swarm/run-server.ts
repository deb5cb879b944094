import type { Logger, LogLevel } from '../../core/logger.ts';
import { systemRandom } from '../../core/random.ts';
import { urlHost } from '../../core/url-host.ts';
import type { CertificateFiles } from '../../net/certificate/certificate-files.ts';
import { formatSwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import { NativeServer } from '../../swarm/native/native-server.ts';
import { keptIdentity, serverIdentity } from '../../swarm/native/server-identity.ts';
import { SwarmServer } from '../../swarm/server/swarm-server.ts';
import type { CliIo } from '../io.ts';
import { type LogFormat, openLog } from '../logging.ts';
import { untilStopped } from '../stop.ts';
import { startSwarmPages } from './swarm-pages.ts';
import { keptTicketKey } from './ticket-key.ts';

/** What a server command was told. */
export interface ServerCommand {
  readonly host: string;
  readonly port: number;
  readonly virtualHost: string;
  readonly fileRoot: string;
  readonly chunkSize: number;
  readonly listenPort: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat | undefined;
  readonly logfile: string | undefined;
  readonly colour: boolean;
  /** The native dialect, on a port of its own; undefined: it is not spoken. */
  readonly native?: {
    readonly port: number;
    readonly keyFile: string | undefined;
    /** Bytes a second; 0: no limit. */
    readonly uploadLimit: number;
    /** Holds the key of tickets; undefined: everybody may join. */
    readonly ticketFile: string | undefined;
    /** Of a certificate authority, for addresses without a key. */
    readonly certificate: CertificateFiles | undefined;
  };
}

/** Publishes a folder until the program is told to stop. Answers the exit code; rejects when it cannot start. */
export async function runServer(command: ServerCommand, io: CliIo): Promise<number> {
  const log = openLog({
    level: command.logLevel,
    format: command.logFormat ?? (io.errIsTerminal ? 'pretty' : 'json'),
    colour: command.colour && io.errIsTerminal,
    file: command.logfile,
    write: (line) => io.err(line),
  });
  try {
    const server = await SwarmServer.start({
      clock: io.clock,
      log,
      random: systemRandom,
      listen: { host: command.host, port: command.port },
      virtualHost: command.virtualHost,
      // PDTP knows no tickets.
      fileRoot: command.native?.ticketFile ? undefined : command.fileRoot,
      chunkSize: command.chunkSize,
      givePort: command.listenPort,
      hasStatusPage: false,
    });
    const { port } = server.address;
    const name = urlHost(command.virtualHost);
    if (!command.native?.ticketFile) {
      log.info(`publishes ${command.fileRoot} as pdtp://${name}${port === 6086 ? '' : `:${port}`}/PATH`, { port });
    }
    const native = await startNative(command, io, log).catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
    const sources = native ? [server, native] : [server];
    // Not waited for: clients come first.
    const pages = startSwarmPages({
      io,
      log,
      swarm: server.address,
      name: command.virtualHost,
      sources: () => sources,
    });
    const code = await untilStopped(io, log);
    await (await pages)?.close();
    await native?.close();
    await server.close();
    return code;
  } finally {
    await log.close();
  }
}

async function startNative(command: ServerCommand, io: CliIo, log: Logger): Promise<NativeServer | undefined> {
  const { native, host, fileRoot, virtualHost, listenPort } = command;
  if (!native) return undefined;
  const nowUtcMs = io.clock.utcMs();
  const identity = native.keyFile ? await keptIdentity(native.keyFile, nowUtcMs) : serverIdentity(nowUtcMs);
  const server = await NativeServer.start({
    clock: io.clock,
    log,
    random: systemRandom,
    listen: { host, port: native.port },
    fileRoot,
    identity,
    certificate: native.certificate,
    givePort: listenPort,
    uploadLimit: native.uploadLimit > 0 ? native.uploadLimit : undefined,
    ...(native.ticketFile && { ticketKey: await keptTicketKey(native.ticketFile) }),
  });
  const url = formatSwarmUrl(virtualHost, server.address.port, '/PATH', server.publicKey);
  log.info(`publishes ${fileRoot} in the native dialect as ${url}`, { port: server.address.port });
  if (native.certificate) {
    const plain = formatSwarmUrl(virtualHost, server.address.port, '/PATH');
    log.info(`with the certificate ${native.certificate.certificate} also as ${plain}, under the names in it`);
  }
  if (native.ticketFile) log.info(`only who has a ticket may join; distream ticket ${native.ticketFile} URL makes one`);
  if (!native.keyFile) log.info('the key in that address is another after each start; --key FILE keeps one');
  return server;
}
