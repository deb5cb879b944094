import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { EXIT } from '../../core/error-codes.ts';
import { DistreamError } from '../../core/errors.ts';
import { type Logger, silentLogger } from '../../core/logger.ts';
import { systemRandom } from '../../core/random.ts';
import { cleanText } from '../../core/text.ts';
import type { Dialect } from '../../protocols/pdtp/dialect.ts';
import { fileNameOf, type PdtpUrl, parsePdtpUrl } from '../../protocols/pdtp/pdtp-url.ts';
import { parseSwarmUrl, type SwarmUrl, shownSwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import type { NativeDownloadOptions } from '../../swarm/native/native-download.ts';
import type { DownloadOptions, DownloadProgress } from '../../swarm/peer/download.ts';
import type { CliIo } from '../io.ts';
import { EXIT_INTERRUPTED } from '../stop.ts';
import { bytesText, progressLine } from './progress-line.ts';

const LINE_MS = 250;

/** What a fetching command was told. */
export interface GetCommand {
  readonly url: string;
  /** A path, or `-` for standard output; undefined: the file's own name in the working directory. */
  readonly output: string | undefined;
  readonly listenHost: string;
  readonly listenPort: number;
  readonly upload: boolean;
  readonly dialect: Dialect;
  readonly stallMs: number;
  readonly quiet: boolean;
  /** Most bytes a second that are given in the native dialect; 0 or undefined: no limit. */
  readonly uploadLimit?: number;
  /** In the native dialect it goes on giving for so long. */
  readonly stayMs?: number;
}

/** Fetches a file or plays a live stream. Answers the exit code: 0 only when all is there and every hash was right. */
export async function runGet(command: GetCommand, io: CliIo): Promise<number> {
  const native = parseSwarmUrl(command.url);
  const displayUrl = shownSwarmUrl(command.url);
  const url = native ?? parsePdtpUrl(command.url);
  if (!url) {
    const reason = `"${cleanText(displayUrl, 200)}" is no address such as pdtp://host/path or pdtps://host/path#key=KEY`;
    throw new DistreamError('USAGE', { reason });
  }
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => (stop.signal.aborted ? io.exit(EXIT_INTERRUPTED) : stop.abort()));
  const target = await openTarget(command.output, url.path);
  const shown = new ShownProgress(io, command.quiet);
  try {
    await fetchFrom(url, {
      clock: io.clock,
      log: shown.log,
      random: systemRandom,
      displayUrl,
      dialect: command.dialect,
      give: command.upload ? { host: command.listenHost, port: command.listenPort } : undefined,
      path: target.path,
      sink: target.sink,
      isKept: target.isKept,
      stallMs: command.stallMs,
      signal: stop.signal,
      onProgress: (progress) => shown.show(progress),
      uploadLimit: command.uploadLimit ?? 0,
      stayMs: command.stayMs ?? 0,
    });
    shown.end(true);
    return EXIT.ok;
  } catch (error) {
    shown.end(false);
    if (stop.signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    unsubscribe();
    await target.close();
  }
}

type FetchOptions = Omit<DownloadOptions, 'url'> & Omit<NativeDownloadOptions, 'url'>;

/** The scheme of the address tells the dialect; the other one is not loaded. */
async function fetchFrom(url: PdtpUrl | SwarmUrl, options: FetchOptions): Promise<void> {
  if ('fileUrl' in url) {
    const { download } = await import('../../swarm/peer/download.ts');
    return download({ ...options, url });
  }
  const { nativeDownload } = await import('../../swarm/native/native-download.ts');
  return nativeDownload({ ...options, url });
}

interface Target {
  readonly path: string;
  readonly sink: Writable | undefined;
  readonly isKept: boolean;
  close(): Promise<void>;
}

async function openTarget(output: string | undefined, urlPath: string): Promise<Target> {
  if (output === '-') return scratch(process.stdout);
  const path = output ?? fileNameOf(urlPath);
  if (path === undefined) throw new DistreamError('USAGE', { reason: 'the address has no file name; use -o FILE' });
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) {
    throw new DistreamError('FILE_UNWRITABLE', { path, reason: 'it is a folder' });
  }
  // A device or named pipe is written to in order; it must not be replaced by a file.
  if (there && !there.isFile()) return scratch(createWriteStream(path));
  return { path, sink: undefined, isKept: true, close: async () => {} };
}

/** Keeps chunks in a file that goes with the program, and writes them in order. */
async function scratch(sink: Writable): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'distream-get-'));
  const close = () => rm(folder, { recursive: true, force: true });
  sink.on('error', () => {});
  return { path: join(folder, 'file'), sink, isKept: false, close };
}

/** Progress on a terminal, one line that is written over; else only the end. */
class ShownProgress {
  readonly #io: CliIo;
  readonly #isQuiet: boolean;
  #last: DownloadProgress | undefined;
  #shownMs = Number.NEGATIVE_INFINITY;
  #isLineOpen = false;

  constructor(io: CliIo, isQuiet: boolean) {
    this.#io = io;
    this.#isQuiet = isQuiet;
  }

  get log(): Logger {
    const tell = (message: string) => {
      if (this.#isQuiet) return;
      this.#clear();
      this.#io.err(`${cleanText(message)}\n`);
    };
    return { ...silentLogger, warn: tell, error: tell };
  }

  show(progress: DownloadProgress): void {
    this.#last = progress;
    const nowMs = this.#io.clock.nowMs();
    if (this.#isQuiet || !this.#io.errIsTerminal || nowMs - this.#shownMs < LINE_MS) return;
    this.#shownMs = nowMs;
    this.#io.err(`\r${progressLine(progress, this.#io.size().columns - 1)}\u001b[K`);
    this.#isLineOpen = true;
  }

  end(isWhole: boolean): void {
    this.#clear();
    if (!isWhole || this.#isQuiet || !this.#last) return;
    const { bytesDone, bytesResumed, shareFromPeers } = this.#last;
    const resumed = bytesResumed > 0 ? `, ${bytesText(bytesResumed)} were there already` : '';
    const share = `${Math.round(shareFromPeers * 100)} % from peers`;
    this.#io.err(`${bytesText(bytesDone)}, every chunk verified; ${share}${resumed}\n`);
  }

  #clear(): void {
    if (this.#isLineOpen) this.#io.err('\r\u001b[K');
    this.#isLineOpen = false;
  }
}
