import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { TrackMetadata } from '../../core/fragment.ts';
import type { Logger } from '../../core/logger.ts';
import { secretEquals } from '../../core/secret.ts';
import { trackMetadata } from '../../core/track-metadata.ts';
import type { ShoutcastMount, StreamRequest, TitleUpdate } from '../../modules/network.ts';
import type { SessionOptions, SessionWriter } from '../../modules/session.ts';
import { answerAndClose } from '../../net/answers.ts';
import { parseBasicAuth } from '../../protocols/http/basic-auth.ts';
import { headerText } from '../../protocols/http/header-text.ts';
import { parseMetaint } from '../../protocols/icy/metaint.ts';
import { stationFromHeaders } from '../../protocols/icy/station-headers.ts';
import { SourceHeaderReader } from '../../protocols/shoutcast/source-headers.ts';
import { SHOUTCAST_ACCEPTED } from '../../protocols/shoutcast/source-login.ts';
import { accepted, CONTINUE, refusal } from './answers.ts';
import { type BodyFraming, SourceConnection } from './source-connection.ts';
import { TitleThrottle } from './title-throttle.ts';

/** A source whose second login comes when the first has sent nothing for so long is taken over. */
const TAKE_OVER_AFTER_MS = 2000;
/** Enough to read the end of a connection that the other side has closed. */
const LOOK_MS = 50;
const SHOUTCAST_HEADER_MS = 10_000;

/** Options of a source mount. */
export interface SourceMountOptions {
  readonly mount: string;
  readonly streamName: string;
  readonly user: string;
  readonly password: string;
  readonly timeoutMs: number;
  readonly fragmentMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly openSession: (options: SessionOptions) => SessionWriter;
  /** Changes a title before it is used, e.g. adds a time key. */
  readonly decorate?: (metadata: TrackMetadata) => TrackMetadata;
}

/** The connected source. */
interface Connected {
  readonly connection: SourceConnection;
  readonly session: SessionWriter;
  readonly address: string;
  readonly agent: string;
  readonly connectedUtcMs: number;
}

/** Where one encoder at a time sends: Icecast PUT and SOURCE, SHOUTcast v1, and titles from aside. */
export class EncoderMount implements ShoutcastMount {
  readonly mount: string;
  readonly streamName: string;
  readonly #options: SourceMountOptions;
  readonly #titles: TitleThrottle;
  #connected: Connected | undefined;
  #closed = false;
  /** SHOUTcast sources whose headers have not come. */
  readonly #loggingIn = new Set<Socket>();
  readonly counters = { connects: 0, refused_credentials: 0, refused_in_use: 0, refused_content_type: 0, takeovers: 0 };

  constructor(options: SourceMountOptions) {
    this.#options = options;
    this.mount = options.mount;
    this.streamName = options.streamName;
    this.#titles = new TitleThrottle(options.clock, (metadata) => {
      this.#connected?.session.setMetadata(options.decorate?.(metadata) ?? metadata);
    });
  }

  checkCredentials(user: string, password: string): boolean {
    const { user: expectedUser, password: expected } = this.#options;
    const userFits = secretEquals(user, expectedUser);
    return secretEquals(password, expected) && userFits;
  }

  matches(passwordLine: string): boolean {
    const { password, user } = this.#options;
    // Encoders put the mount or the user before the password where the server knows several streams.
    const forms = [password, `${user}:${password}`, `${password}:${this.mount}`, `${this.mount}:${password}`];
    return forms.map((form) => secretEquals(passwordLine, form)).includes(true);
  }

  accept(request: StreamRequest): void {
    const { head } = request;
    const credentials = parseBasicAuth(head.headers.get('authorization'));
    if (!credentials || !this.checkCredentials(credentials.user, credentials.password)) {
      if (credentials) this.counters.refused_credentials++;
      return this.#refuse(request, '401 Unauthorized', 'Wrong user or password.');
    }
    if (head.headers.get('content-length') === '0') return this.#refuse(request, '200 OK', 'Ready.');
    const contentType = head.headers.get('content-type');
    if (!contentType && head.method === 'PUT') {
      this.counters.refused_content_type++;
      return this.#refuse(request, '400 Bad Request', 'A Content-Type header is needed.');
    }
    this.#whenRoom(request.socket, (room) => {
      if (room) return this.#admit(request, contentType ?? 'audio/mpeg');
      const status = head.method === 'PUT' ? '409 Conflict' : '403 Forbidden';
      this.#refuse(request, status, 'Another source is connected to this mount.');
    });
  }

  #admit(request: StreamRequest, contentType: string): void {
    const { head } = request;
    if (/100-continue/i.test(head.headers.get('expect') ?? '')) request.socket.write(CONTINUE);
    request.socket.write(accepted(head.version));
    const framing = {
      chunked: /chunked/i.test(head.headers.get('transfer-encoding') ?? ''),
      metaint: parseMetaint(head.headers.get('icy-metaint') ?? head.headers.get('ice-metaint')),
    };
    this.#connect(request.socket, request.rest, head.headers, contentType, framing, request.clientAddress);
  }

  acceptShoutcast(socket: Socket, rest: Buffer, clientAddress: string): void {
    this.#whenRoom(socket, (room) => {
      if (room) this.#logIn(socket, rest, clientAddress);
      else answerAndClose(socket, Buffer.from('Another source is connected.\r\n'), this.#options.clock);
    });
  }

  /** Answers the password and reads the headers of a SHOUTcast v1 source. */
  #logIn(socket: Socket, rest: Buffer, clientAddress: string): void {
    socket.write(SHOUTCAST_ACCEPTED);
    this.#loggingIn.add(socket);
    const reader = new SourceHeaderReader();
    const timer = this.#options.clock.after(SHOUTCAST_HEADER_MS, () => socket.destroy());
    const onData = (data: Buffer) => {
      try {
        const done = reader.push(data);
        if (!done) return;
        stop();
        const contentType = done.headers.get('content-type') ?? 'audio/mpeg';
        const framing = { chunked: false, metaint: 0 };
        if (this.#makeRoom()) this.#connect(socket, done.rest, done.headers, contentType, framing, clientAddress);
        else socket.destroy();
      } catch (error) {
        stop();
        this.#options.log.warn(`a source at ${clientAddress} was refused: ${reasonOf(error)}`);
        socket.destroy();
      }
    };
    const stop = () => {
      timer.cancel();
      this.#loggingIn.delete(socket);
      socket.off('data', onData);
      socket.off('close', stop);
      socket.off('error', stop);
    };
    socket.on('data', onData);
    socket.on('close', stop);
    socket.on('error', stop);
    if (rest.length > 0) onData(rest);
    socket.resume();
  }

  setTitle(update: TitleUpdate): 'ok' | 'no-source' | 'unsupported' {
    if (!this.#connected) return 'no-source';
    this.#titles.set(trackMetadata(update));
    return 'ok';
  }

  source() {
    if (!this.#connected) return undefined;
    const { address, agent, connectedUtcMs, connection } = this.#connected;
    return { address, agent, connectedUtcMs, bytesRead: connection.bytesRead };
  }

  kill(reason: string): boolean {
    const connected = this.#connected;
    connected?.connection.end(reason);
    return connected !== undefined;
  }

  /** Ends the connected source; the mount is given back by its owner. */
  close(): void {
    this.#closed = true;
    this.#titles.cancel();
    for (const socket of this.#loggingIn) socket.destroy();
    this.#connected?.connection.end('the node stops');
  }

  /** Tells whether a source may connect. An encoder that restarts comes back before its end was read: look first. */
  #whenRoom(socket: Socket, tell: (room: boolean) => void): void {
    if (!this.#connected) return tell(true);
    this.#connected.connection.lookFor(LOOK_MS);
    this.#options.clock.after(LOOK_MS, () => {
      if (!socket.destroyed && !this.#closed) tell(this.#makeRoom());
    });
  }

  /** True when a source may connect; one that hangs is thrown out for it. */
  #makeRoom(): boolean {
    if (!this.#connected) return true;
    if (this.#connected.connection.silentMs < TAKE_OVER_AFTER_MS) {
      this.counters.refused_in_use++;
      return false;
    }
    this.counters.takeovers++;
    this.#connected.connection.end('another source with the same password took over');
    return true;
  }

  #connect(
    socket: Socket,
    rest: Buffer,
    headers: ReadonlyMap<string, string>,
    contentType: string,
    framing: BodyFraming,
    address: string,
  ): void {
    const { clock, log, timeoutMs, fragmentMs, openSession } = this.#options;
    const agent = headerText(headers.get('user-agent'), 200) ?? '';
    const station = stationFromHeaders(headers);
    const session = openSession({ contentType, continuity: 'new', station, peer: address, agent });
    const connectedMs = clock.nowMs();
    const connection = new SourceConnection({
      socket,
      framing,
      session,
      clock,
      timeoutMs,
      fragmentMs,
      onFault: (error) =>
        log.error(`reading the source on ${this.mount} failed`, {
          reason: reasonOf(error),
          stack: (error as Error)?.stack,
        }),
      onEnd: (reason) => {
        this.#connected = undefined;
        this.#titles.cancel(); // what waits was meant for this source
        const seconds = ((clock.nowMs() - connectedMs) / 1000).toFixed(0);
        log.info(`the source on ${this.mount} left after ${seconds} s: ${reason}`);
      },
    });
    this.#connected = { connection, session, address, agent, connectedUtcMs: clock.utcMs() };
    this.counters.connects++;
    log.info(`a source sends to ${this.mount}`, { address, agent, contentType, name: station.name });
    connection.start(rest);
  }

  #refuse(request: StreamRequest, status: string, text: string): void {
    const { head, socket, rest } = request;
    const hasBody = head.headers.get('content-length') !== '0';
    const keepAlive =
      !hasBody && (head.version === 'HTTP/1.1' || /keep-alive/i.test(head.headers.get('connection') ?? ''));
    const answer = refusal(head.version, status, text, keepAlive);
    if (keepAlive) {
      socket.write(answer);
      request.reuse(rest);
    } else {
      answerAndClose(socket, answer, this.#options.clock);
    }
    if (status.startsWith('401') && !head.headers.has('authorization')) return; // a probe
    if (!status.startsWith('200')) {
      this.#options.log.warn(`a source at ${request.clientAddress} was refused on ${this.mount}: ${text}`);
    }
  }
}
