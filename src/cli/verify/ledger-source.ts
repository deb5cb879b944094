/**
 * Where `distream verify` finds a ledger: at a node, in a file, or beside a recording.
 * @module
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { type BytesVerdict, LedgerBytesCheck } from '../../protocols/link/ledger-bytes.ts';
import { type LedgerDocument, readLedgerDocument } from '../../protocols/link/ledger-document.ts';
import { ask, HttpStatusError, type Login } from '../node-client.ts';
import { noNode, refusalOf } from '../read-status.ts';

const MAX_LEDGER_BYTES = 64 * 2 ** 20;

/** A ledger, and what it is of. */
export interface SourcedLedger extends LedgerDocument {
  /** For people: the address without a login, or the path. */
  readonly source: string;
  /** What the ledger says of the recording's bytes; undefined: it is of no file, or of one that holds more than audio. */
  readonly bytes: BytesVerdict | undefined;
  /** The recording has headers between its audio: its bytes were not checked. */
  readonly hasHeaders: boolean;
}

/** True for what is asked of a node. */
export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** The ledger's address at the node, from that of the stream: `http://host:port/NAME`. Throws USAGE. */
export function ledgerUrl(address: string): URL {
  const shown = address.replace(/^(\w+:\/\/)[^/]*@/, '$1');
  try {
    const url = new URL(address);
    const name = decodeURIComponent(url.pathname.slice(1));
    if (url.hostname !== '' && name !== '') {
      url.pathname = `/api/v1/streams/${encodeURIComponent(name)}/ledger`;
      url.search = '';
      url.hash = '';
      return url;
    }
  } catch {
    // Told below.
  }
  throw new DistreamError('USAGE', {
    reason: `${shown} is no stream of a node; write e.g. http://127.0.0.1:8000/morning`,
  });
}

/** Asks a node. Rejects with NO_NODE, REFUSED or NO_LEDGER. */
export async function ledgerOfNode(url: URL, login: Login | undefined): Promise<SourcedLedger> {
  const name = cleanText(decodeURIComponent(url.pathname.split('/').at(-2) ?? ''), 256);
  const source = `${url.origin}/${name}`;
  let text: string;
  try {
    text = await ask({ url, login, maxBytes: MAX_LEDGER_BYTES });
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 404) throw noLedger(source, noLedgerReason(error));
    if (error instanceof HttpStatusError && error.status === 401 && !login) throw notSignedIn(url, error);
    throw refusalOf(error, url) ?? noNode(error, url);
  }
  return { ...parsed(text, source), source, bytes: undefined, hasHeaders: false };
}

/** Reads a ledger file, or the one beside a recording, whose bytes are then checked. Rejects with FILE_NOT_FOUND, FILE_UNREADABLE or NO_LEDGER. */
export async function ledgerOfFile(path: string): Promise<SourcedLedger> {
  if (path.endsWith('.json')) {
    return { ...parsed(await readText(path), path), source: path, bytes: undefined, hasHeaders: false };
  }
  await sizeOf(path);
  const beside = `${path}.ledger.json`;
  const document = parsed(await readText(beside), beside);
  const hasHeaders = (document.headerBytes ?? 0) > 0;
  return { ...document, source: path, bytes: hasHeaders ? undefined : await checkBytes(path, document), hasHeaders };
}

async function checkBytes(path: string, { ledger }: LedgerDocument): Promise<BytesVerdict> {
  const check = new LedgerBytesCheck(ledger);
  try {
    for await (const part of createReadStream(path) as AsyncIterable<Buffer>) check.push(part);
  } catch (error) {
    throw unreadable(path, error);
  }
  return check.verdict();
}

async function readText(path: string): Promise<string> {
  if ((await sizeOf(path)) > MAX_LEDGER_BYTES) throw noLedger(path, 'it is longer than 64 MiB');
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') throw new DistreamError('FILE_NOT_FOUND', { path });
    throw unreadable(path, error);
  }
}

function parsed(text: string, where: string): LedgerDocument {
  const document = readLedgerDocument(text);
  if (!document) throw noLedger(where, 'what is there is no ledger that this version knows');
  return document;
}

function unreadable(path: string, error: unknown): DistreamError {
  return new DistreamError('FILE_UNREADABLE', { path, reason: reasonOf(error) }, { cause: error });
}

function noLedger(where: string, reason: string): DistreamError {
  return new DistreamError('NO_LEDGER', { where, reason });
}

function noLedgerReason({ words }: HttpStatusError): string {
  return cleanText(words, 120) || 'what answers there is no node of distream, or an older one';
}

function notSignedIn(url: URL, cause: HttpStatusError): DistreamError {
  const reason = 'only the administrator may see a ledger, and there is no password; see distream verify --help';
  return new DistreamError('REFUSED', { url: url.origin, reason }, { cause });
}
