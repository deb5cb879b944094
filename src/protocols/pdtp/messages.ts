/**
 * The messages of PDTP as checked objects, the same for both dialects.
 * @module
 */
import type { ByteRange, RangeSpec } from './byte-range.ts';

/** The first message of a client: `client_info` (dialect 1), `register` (dialect 2). */
export interface RegisterMessage {
  readonly type: 'register';
  /** At most 4,095 bytes, no control characters; may be empty. Of the original: six hex digits. */
  readonly clientId: string;
  /** Where the client listens for peers; 0: nowhere. */
  readonly listenPort: number;
}

export interface AskInfoMessage {
  readonly type: 'ask_info';
  readonly url: string;
}

/** What a client wants or gives. Without a range: the whole file, but nothing in `unrequest` and `unprovide`. */
export interface RangeMessage {
  readonly type: 'request' | 'unrequest' | 'provide' | 'unprovide';
  readonly url: string;
  readonly range: RangeSpec | undefined;
}

/** The four values that name an incoming peer request; the answer echoes them. */
export interface VerifyQuestion {
  readonly url: string;
  /** As the caller wrote it; may be upside down. */
  readonly range: RangeSpec;
  /** The caller's address, as text. */
  readonly peer: string;
  /** The id that the caller gave. */
  readonly peerId: string;
}

export interface AskVerifyMessage extends VerifyQuestion {
  readonly type: 'ask_verify';
}

/** A side of a transfer is done with it. */
export interface CompletedMessage {
  readonly type: 'completed';
  readonly url: string;
  readonly range: RangeSpec;
  /** The other side. */
  readonly peerId: string;
  /** Of the taker: the host it was told; of the giver: the caller's address. Means nothing. */
  readonly peer: string | undefined;
  /** SHA-256 of what a taker got, lower-case hex, unchecked; undefined: failed, or said by the giver. */
  readonly hash: string | undefined;
}

/** What a server knows of a file. */
export interface FileInfo {
  readonly size: number;
  readonly chunkSize: number;
  readonly isStreaming: boolean;
  /** Names this version of the contents; only distream says it. At most 64 characters. */
  readonly version?: string;
  /** Of a live stream: the first byte that can still be had; only distream says it. */
  readonly start?: number;
}

export interface TellInfoMessage {
  readonly type: 'tell_info';
  readonly url: string;
  /** Undefined: there is no such file. */
  readonly file: FileInfo | undefined;
  /** Why there is none; dialect 2. */
  readonly error: string | undefined;
}

/** An order to connect to a peer and get a range from it, or put it there. */
export interface TransferMessage {
  readonly type: 'transfer';
  /** Name or address; characters of these only. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  readonly method: 'get' | 'put';
  readonly url: string;
  readonly range: ByteRange;
  /** The listening side. */
  readonly peerId: string;
}

/** An order that cannot be carried out; it is answered with a `completed` without a hash. */
export interface UnusableTransferMessage {
  readonly type: 'unusable_transfer';
  readonly reason: string;
  readonly host: string;
  readonly url: string;
  readonly range: RangeSpec;
  readonly peerId: string;
}

export interface TellVerifyMessage extends VerifyQuestion {
  readonly type: 'tell_verify';
  readonly isAuthorized: boolean;
}

export interface HashVerifyMessage {
  readonly type: 'hash_verify';
  readonly url: string;
  readonly range: RangeSpec;
  readonly isHashOk: boolean;
}

/** Words for people; after an error the connection ends. Cleaned text, may be empty. */
export interface NoticeMessage {
  readonly type: 'protocol_error' | 'protocol_warn';
  readonly message: string;
}

/** A message that is passed over: it is no reason to close. */
export interface MalformedMessage {
  readonly type: 'malformed';
  readonly command: string;
  readonly reason: string;
}

/** What a client says. */
export type ClientMessage =
  | RegisterMessage
  | AskInfoMessage
  | RangeMessage
  | AskVerifyMessage
  | CompletedMessage
  | NoticeMessage;

/** What a server says. */
export type ServerMessage = TellInfoMessage | TransferMessage | TellVerifyMessage | HashVerifyMessage | NoticeMessage;
