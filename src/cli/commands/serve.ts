import { type Command, InvalidArgumentError, Option } from 'commander';
import { DistreamError } from '../../core/errors.ts';
import type { CertificateFiles } from '../../net/certificate/certificate-files.ts';
import { DEFAULT_PDTP_PORT } from '../../protocols/pdtp/pdtp-url.ts';
import { DEFAULT_SWARM_PORT } from '../../protocols/swarm/swarm-url.ts';
import { bitRate } from '../bit-rate.ts';
import type { CliIo } from '../io.ts';
import { portNumber } from '../port-number.ts';
import { addExamples, addLogOptions, type CommonOptions, type Outcome, wantsColour } from '../program.ts';
import { wholeNumber } from '../whole-number.ts';

interface ServeOptions extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly name?: string;
  readonly chunkSize: number;
  readonly givePort: number;
  readonly nativePort: number;
  readonly key?: string;
  readonly uploadLimit: number;
  readonly tickets?: string;
  readonly certificate?: string;
  readonly certificateKey?: string;
}

const CHUNK_BYTES = 65_536;
const GIVE_PORT = 8000;

/** `distream serve [DIR]` */
export function addServe(program: Command, outcome: Outcome, io: CliIo): void {
  const command = program
    .command('serve')
    .description('publish the files of a folder to a swarm: who fetches them carries them to others')
    .argument('[folder]', 'folder whose files are published', '.')
    .option('--host <address>', 'address to listen on', '::')
    .addOption(
      new Option('--port <port>', 'port; the status page is at the next one')
        .argParser(portNumber)
        .default(DEFAULT_PDTP_PORT),
    )
    .option('--name <host>', 'name of this server in addresses (default: what clients use)')
    .addOption(
      new Option('--chunk-size <bytes>', 'bytes of a chunk, the unit that is passed on')
        .argParser(chunkBytes)
        .default(CHUNK_BYTES),
    )
    .addOption(
      new Option('--give-port <port>', 'first port that is tried for giving').argParser(portNumber).default(GIVE_PORT),
    )
    .addOption(
      new Option('--native-port <port>', 'port of the native dialect (pdtps)')
        .argParser(portNumber)
        .default(DEFAULT_SWARM_PORT),
    )
    .option(
      '--key <file>',
      'Ed25519 key of the native dialect; made when there is none (default: a new one at each start)',
    )
    .addOption(
      new Option(
        '--upload-limit <rate>',
        'most that this server gives in the native dialect, such as 8M (bits a second)',
      )
        .argParser(bitRate)
        .default(0, 'none'),
    )
    .option('--tickets <file>', 'only who has a ticket may join; the file has their key, made when there is none')
    .option(
      '--certificate <file>',
      'PEM certificate and chain of a certificate authority: native addresses need no #key= then',
    )
    .option('--certificate-key <file>', 'private key of that certificate')
    .action(async (folder: string, _options, self: Command) => {
      const options = self.optsWithGlobals<ServeOptions>();
      const { runServer } = await import('../swarm/run-server.ts');
      outcome.code = await runServer(
        {
          host: options.host,
          port: options.port,
          virtualHost: options.name ?? 'localhost',
          fileRoot: folder,
          chunkSize: options.chunkSize,
          listenPort: options.givePort,
          logLevel: options.logLevel ?? 'info',
          logFormat: options.logFormat,
          logfile: undefined,
          colour: wantsColour(options, io),
          native: {
            port: options.nativePort,
            keyFile: options.key,
            uploadLimit: options.uploadLimit,
            ticketFile: options.tickets,
            certificate: certificateFiles(options),
          },
        },
        io,
      );
    });
  addLogOptions(command);
  addExamples(command, [
    ['distream serve music', 'publishes the folder music as pdtp://THIS-HOST/PATH'],
    ['distream get pdtp://localhost/song.mp3', 'fetches from it'],
  ]);
}

/** Both files or none. Throws USAGE. */
function certificateFiles({ certificate, certificateKey: key }: ServeOptions): CertificateFiles | undefined {
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate === undefined && key === undefined) return undefined;
  throw new DistreamError('USAGE', { reason: '--certificate and --certificate-key go together' });
}

function chunkBytes(text: string): number {
  const bytes = wholeNumber(text, 256, 2 ** 24);
  if (bytes === undefined) throw new InvalidArgumentError('Expected bytes from 256 to 16777216.');
  return bytes;
}
