import { chunkHash } from '../../protocols/swarm/hash-tree.ts';
import { linkHash, openStreamLink, type StreamHead, type StreamLink } from '../../protocols/swarm/stream-manifest.ts';
import { ChunkSet } from '../coordinator/chunk-set.ts';
import type { ChunkStore } from '../peer/chunk-store.ts';
import { type ProvenChunk, WINDOW_CHUNKS } from './live-stream.ts';

/** What a proof was: new, known already, of another stream or one that is too old, or at odds with another signed link. */
export type ProofOutcome = 'new' | 'known' | 'foreign' | 'forked';

interface KnownLink {
  readonly bytes: Buffer;
  readonly hash: Buffer;
  readonly link: StreamLink;
}

const MAX_LINKS = 2 * WINDOW_CHUNKS;
/** A link may be so far ahead of the newest one that is known. */
const MAX_JUMP_CHUNKS = 4 * 3600 * 86_400;

/** The newest chunks of a stream at a listener, each checked against a signed link before it is in here. */
export class StreamWindow implements ChunkStore {
  readonly head: StreamHead;
  readonly signedHead: Buffer;
  readonly chunks = new ChunkSet();
  readonly #serverKey: Buffer;
  readonly #bytes = new Map<number, ProvenChunk>();
  readonly #links = new Map<number, KnownLink>();
  #newest: StreamLink | undefined;

  constructor(head: StreamHead, signedHead: Buffer, serverKey: Buffer) {
    this.head = head;
    this.signedHead = signedHead;
    this.#serverKey = serverKey;
  }

  /** The chunk after the newest that a link names; 0 before the first link. */
  get end(): number {
    return this.#newest ? this.#newest.firstChunk + this.#newest.chunks.length : 0;
  }

  /** Takes a link. Throws ProtocolViolation when it is malformed or not signed by the server. */
  prove(bytes: Buffer): ProofOutcome {
    const hash = linkHash(bytes);
    for (const known of this.#links.values()) if (known.hash.equals(hash)) return 'known';
    const link = openStreamLink(bytes, this.#serverKey);
    if (!link.id.equals(this.head.id) || link.firstChunk > this.end + MAX_JUMP_CHUNKS) return 'foreign';
    if (link.firstChunk + link.chunks.length <= this.end - WINDOW_CHUNKS) return 'foreign';
    if (!this.#fits(link, hash)) return 'forked';
    this.#links.set(link.sequence, { bytes: Buffer.from(bytes), hash, link });
    if (!this.#newest || link.sequence > this.#newest.sequence) this.#newest = link;
    this.#forget();
    return 'new';
  }

  /** Checks a chunk and keeps it. `unproven`: no link names it. */
  put(number: number, bytes: Buffer): 'new' | 'held' | 'wrong' | 'unproven' {
    if (this.#bytes.has(number)) return 'held';
    const known = this.#linkOf(number);
    if (!known) return 'unproven';
    const proof = known.link.chunks[number - known.link.firstChunk]!;
    if (bytes.length !== proof.length || !chunkHash(bytes).equals(proof.hash)) return 'wrong';
    this.#bytes.set(number, { bytes, link: known.bytes, sequence: known.link.sequence });
    this.chunks.add(number);
    this.#forget();
    return 'new';
  }

  /** A chunk that is held. */
  chunk(number: number): ProvenChunk | undefined {
    return this.#bytes.get(number);
  }

  /** Bytes of a chunk; undefined while no link names it. */
  lengthOf(number: number): number | undefined {
    const known = this.#linkOf(number);
    return known?.link.chunks[number - known.link.firstChunk]?.length;
  }

  /** When the publisher had the chunk, in ms since the stream began: by its link, or reckoned from the nearest one. */
  bornMs(number: number): number | undefined {
    const link = this.#linkOf(number)?.link ?? this.#newest;
    if (!link) return undefined;
    const last = link.firstChunk + link.chunks.length - 1;
    return link.bornMs + (number - last) * this.head.chunkMs;
  }

  async read(number: number): Promise<Buffer | undefined> {
    return this.#bytes.get(number)?.bytes;
  }

  async write(number: number, bytes: Buffer): Promise<void> {
    this.put(number, bytes);
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    this.#bytes.clear();
  }

  #linkOf(number: number): KnownLink | undefined {
    for (const known of this.#links.values()) {
      const { firstChunk, chunks } = known.link;
      if (number >= firstChunk && number < firstChunk + chunks.length) return known;
    }
    return undefined;
  }

  /** A link names the one before; what is signed twice, or does not follow, are two histories. */
  #fits({ sequence, previous }: StreamLink, hash: Buffer): boolean {
    if (this.#links.has(sequence)) return false;
    if (sequence === 0 && !previous.equals(linkHash(this.signedHead))) return false;
    const before = this.#links.get(sequence - 1);
    const after = this.#links.get(sequence + 1);
    return (!before || before.hash.equals(previous)) && (!after || after.link.previous.equals(hash));
  }

  #forget(): void {
    const first = this.end - WINDOW_CHUNKS;
    for (const number of this.#bytes.keys()) {
      if (number >= first) continue;
      this.#bytes.delete(number);
      this.chunks.remove(number);
    }
    for (const [sequence, { link }] of this.#links) {
      if (link.firstChunk + link.chunks.length <= first || this.#links.size > MAX_LINKS) this.#links.delete(sequence);
    }
  }
}
