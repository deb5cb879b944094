import { ProtocolViolation } from '../../core/errors.ts';
import { MessageBody } from './message-body.ts';
import { type ResponseHead, ResponseHeadReader } from './response-head-reader.ts';

const CONTENT_LENGTH = /^\d{1,15}$/;

/** A response that is complete. */
export interface WholeResponse {
  readonly status: number;
  readonly body: Buffer;
}

/** Reads one response with its body, fed in any portions: the body ends where `Content-Length` says or the peer closes. */
export class ResponseReader {
  readonly #maxBytes: number;
  readonly #head = new ResponseHeadReader();
  #status = 0;
  #body: MessageBody | undefined;

  /** `maxBytes`: the most that the body may have. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes; gives the response once it is whole. Throws ProtocolViolation; not to be used after either. */
  push(chunk: Buffer): WholeResponse | undefined {
    if (this.#body) this.#body.push(chunk);
    else this.#readHead(chunk);
    return this.#body?.isWhole ? { status: this.#status, body: this.#body.bytes } : undefined;
  }

  /** The peer closed: gives the response when that is its end, else undefined. */
  end(): WholeResponse | undefined {
    if (!this.#body?.endsWithConnection) return undefined;
    return { status: this.#status, body: this.#body.bytes };
  }

  #readHead(chunk: Buffer): void {
    const head = this.#head.push(chunk);
    if (!head) return;
    this.#status = head.status;
    this.#body = new MessageBody({ length: bodyLength(head), maxBytes: this.#maxBytes });
    this.#body.push(head.rest);
  }
}

function bodyLength({ headers }: ResponseHead): number | undefined {
  if (headers.has('transfer-encoding')) throw new ProtocolViolation('an answer in chunks, which is not asked for');
  const length = headers.get('content-length');
  if (length === undefined) return undefined;
  if (!CONTENT_LENGTH.test(length)) throw new ProtocolViolation('content-length is no number');
  return Number(length);
}
