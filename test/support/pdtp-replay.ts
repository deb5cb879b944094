import { rangeText } from '../../src/protocols/pdtp/byte-range.ts';
import { ClientSession } from '../../src/protocols/pdtp/client-session.ts';
import { decodeClientMessage } from '../../src/protocols/pdtp/decode-client-message.ts';
import { decodeServerMessage } from '../../src/protocols/pdtp/decode-server-message.ts';
import type { Dialect } from '../../src/protocols/pdtp/dialect.ts';
import { FrameReader } from '../../src/protocols/pdtp/framing.ts';
import type { CompletedMessage, ServerMessage, VerifyQuestion } from '../../src/protocols/pdtp/messages.ts';
import { ServerSession, type ServerSessionEvent } from '../../src/protocols/pdtp/server-session.ts';
import { transferPairText } from '../../src/protocols/pdtp/transfer-key.ts';

/** What a session in one role did with what the other side said in a recorded connection. */
export interface Replay {
  /** What it said, without framing. */
  readonly lines: string[];
  /** Why it ended the connection, if it did. */
  readonly closedBy: string | undefined;
  readonly eventTypes: string[];
}

/** How a warning names the transfer of a report. */
const transferText = (session: ServerSession, { peerId, url, range }: CompletedMessage) =>
  `${transferPairText(session.clientId ?? '', peerId)}$${url}$${rangeText(range)}`;

const questionKey = ({ url, range, peer, peerId }: VerifyQuestion) => [url, rangeText(range), peer, peerId].join(' ');

/** The recorded answers of an original server, to be given in the same cases. */
class RecordedServer {
  readonly messages: readonly ServerMessage[];

  constructor(lines: readonly string[]) {
    this.messages = lines.map((line) => decodeServerMessage(Buffer.from(line)) as ServerMessage);
  }

  answer(session: ServerSession, event: ServerSessionEvent): void {
    switch (event.type) {
      case 'ask_info': {
        const told = this.messages.find((message) => message.type === 'tell_info' && message.url === event.url);
        return session.tellInfo(event.url, told?.type === 'tell_info' ? told.file : undefined);
      }
      case 'request':
      case 'unrequest':
      case 'provide':
      case 'unprovide':
        if (this.#hasWarning(`'${event.url}' not found`)) session.warnUnknownUrl(event.url);
        return;
      case 'ask_verify':
        return this.#verify(session, event);
      case 'completed': {
        const told = this.#take(
          (message) =>
            message.type === 'hash_verify' &&
            message.url === event.url &&
            rangeText(message.range) === rangeText(event.range),
        );
        if (told?.type === 'hash_verify') session.tellHash(event, told.isHashOk);
        else if (this.#takeWarning(transferText(session, event))) session.warnUnknownTransfer(event);
      }
    }
  }

  orderAll(session: ServerSession): void {
    for (const message of this.messages) if (message.type === 'transfer') session.order(message);
  }

  readonly #used = new Set<ServerMessage>();

  #verify(session: ServerSession, event: ServerSessionEvent & { type: 'ask_verify' }): void {
    const told = this.#take((message) => message.type === 'tell_verify' && questionKey(message) === questionKey(event));
    if (told?.type === 'tell_verify') session.tellVerify(event, told.isAuthorized);
  }

  #take(fits: (message: ServerMessage) => boolean): ServerMessage | undefined {
    const found = this.messages.find((message) => !this.#used.has(message) && fits(message));
    if (found) this.#used.add(found);
    return found;
  }

  /** One warning for one message: of the reports of a transfer some were in order. */
  #takeWarning(end: string): boolean {
    return (
      this.#take((message) => message.type === 'protocol_warn' && message.message.endsWith(`: ${end}`)) !== undefined
    );
  }

  #hasWarning(part: string): boolean {
    return this.messages.some((message) => message.type === 'protocol_warn' && message.message.includes(part));
  }
}

/** Feeds what a client said to our server's side, which answers as the recorded server did. */
export function replayToServer(
  portions: readonly Buffer[],
  serverLines: readonly string[],
  takenIds: readonly string[] = [],
): Replay {
  const recorded = new RecordedServer(serverLines);
  const ids = new Set(takenIds);
  const eventTypes: string[] = [];
  const output: Buffer[] = [];
  let closedBy: string | undefined;
  const session: ServerSession = new ServerSession({
    claimId: (id) => !ids.has(id) && Boolean(ids.add(id)),
    onEvent(event) {
      eventTypes.push(event.type);
      recorded.answer(session, event);
    },
  });
  try {
    for (const portion of portions) {
      session.receive(portion);
      output.push(session.takeOutput());
    }
    if (session.clientId !== undefined) recorded.orderAll(session);
  } catch (error) {
    closedBy = (error as Error).message;
  }
  output.push(session.takeOutput());
  return { lines: unframe(Buffer.concat(output), session.dialect ?? 1), closedBy, eventTypes };
}

/** Feeds what a server said to our client's side, which says what the recorded client said. */
export function replayToClient(portions: readonly Buffer[], clientLines: readonly string[], dialect: Dialect): Replay {
  const said = clientLines.map((line) => decodeClientMessage(Buffer.from(line)));
  const eventTypes: string[] = [];
  const output: Buffer[] = [];
  let closedBy: string | undefined;
  const [first] = said;
  if (first?.type !== 'register') throw new Error('the recorded client did not register');
  const reports = said.flatMap((message) => (message.type === 'completed' ? [message] : []));
  const takeReport = (url: string, range: { min?: number; max?: number }, peerId: string) => {
    const at = reports.findIndex(
      (report) => report.url === url && rangeText(report.range) === rangeText(range) && report.peerId === peerId,
    );
    return at < 0 ? undefined : reports.splice(at, 1)[0];
  };
  const session: ClientSession = new ClientSession({
    ...first,
    dialect,
    onEvent(event) {
      eventTypes.push(event.type);
      if (event.type === 'transfer') {
        const report = takeReport(event.url, event.range, event.peerId);
        if (report) session.reportOrder(event, report.hash);
      }
      if (event.type === 'verified') {
        const { question } = event;
        if (takeReport(question.url, question.range, question.peerId)) session.reportIncoming(question);
      }
    },
  });
  for (const message of said) {
    if (message.type === 'ask_info') session.askInfo(message.url);
    else if (message.type === 'request') session.request(message.url, message.range);
    else if (message.type === 'provide') session.provide(message.url, message.range);
    else if (message.type === 'ask_verify') session.askVerify(message);
  }
  try {
    for (const portion of portions) {
      session.receive(portion);
      output.push(session.takeOutput());
    }
  } catch (error) {
    closedBy = (error as Error).message;
  }
  output.push(session.takeOutput());
  return { lines: unframe(Buffer.concat(output), dialect), closedBy, eventTypes };
}

function unframe(bytes: Buffer, dialect: Dialect): string[] {
  const lines: string[] = [];
  new FrameReader({ dialect }).push(bytes, (body) => {
    lines.push(body.toString('utf8').trimEnd());
    return true;
  });
  return lines;
}
