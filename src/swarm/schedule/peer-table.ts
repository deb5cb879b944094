/** What the coordinator tells the scheduler about a peer when it joins. Rates are bytes of payload a second. */
export interface PeerSetup {
  /** What it can be relied on to send; 0 for one that only takes (metered, `--no-upload`). */
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  /** True when others can connect to it: it answered its nonce. Two that cannot be reached never meet. */
  readonly reachable: boolean;
  /** False for a seeder, which only gives. */
  readonly wants: boolean;
  /** Number of its network as a coordinator counts them: /24 or /48. Peers of one prefix are near. */
  readonly prefix?: number;
  /** Number of the wider network: /16 or /32. */
  readonly widePrefix?: number;
  /** When the chunk with the number 0 is or would be played, in the clock's ms; leave it out without a deadline. */
  readonly playsFirstChunkAtMs?: number;
  /** First chunk that it wants; 0 when left out. */
  readonly wantsFrom?: number;
  /** It takes a file in its order, to play it while it comes. */
  readonly inOrder?: boolean;
  /** It counts as so many chunks behind: who comes and goes should have all before it goes again. */
  readonly headStart?: number;
}

const PARTNERS = 8;
const NOBODY = -1;

/** Numbers of peers by column, so that a search over 100,000 of them touches little memory. Grows as peers join. */
export class PeerTable {
  /** Rows in use or free; a peer's number is its row. */
  size = 0;
  capacity: number;
  present: Uint8Array;
  wants: Uint8Array;
  reachable: Uint8Array;
  up: Float64Array;
  down: Float64Array;
  prefix: Int32Array;
  widePrefix: Int32Array;
  /** Transfers that it gives and takes now. */
  outCount: Int32Array;
  inCount: Int32Array;
  /** Most of them at a time. */
  outLimit: Int32Array;
  inLimit: Int32Array;
  /** When it has sent what it was given to send, as planned. */
  upFreeAtMs: Float64Array;
  /** Chunks that it has or that are on their way. */
  held: Int32Array;
  /** Since when nothing is on its way to it. */
  idleSinceMs: Float64Array;
  headStart: Float64Array;
  /** Of a player of a file: when it begins to play, where `played` says; infinity until it is followed. */
  playsFirstChunkAtMs: Float64Array;
  wantsFrom: Float64Array;
  /** So many chunks after its first missing one are taken; all of them unless it plays a file. */
  ahead: Float64Array;
  /** Where a player of a file is thought to play, in chunks. */
  played: Float64Array;
  /** First chunk of the window that it does not have; moves up only. */
  firstMissing: Float64Array;
  /** The last peers it gave to, and the prefixes of the last that gave to it: `PARTNERS` a row. */
  partners: Int32Array;
  giverPrefixes: Int32Array;
  readonly #free: number[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
    this.present = new Uint8Array(capacity);
    this.wants = new Uint8Array(capacity);
    this.reachable = new Uint8Array(capacity);
    this.up = new Float64Array(capacity);
    this.down = new Float64Array(capacity);
    this.prefix = new Int32Array(capacity);
    this.widePrefix = new Int32Array(capacity);
    this.outCount = new Int32Array(capacity);
    this.inCount = new Int32Array(capacity);
    this.outLimit = new Int32Array(capacity);
    this.inLimit = new Int32Array(capacity);
    this.upFreeAtMs = new Float64Array(capacity);
    this.held = new Int32Array(capacity);
    this.idleSinceMs = new Float64Array(capacity);
    this.headStart = new Float64Array(capacity);
    this.playsFirstChunkAtMs = new Float64Array(capacity);
    this.wantsFrom = new Float64Array(capacity);
    this.ahead = new Float64Array(capacity);
    this.played = new Float64Array(capacity);
    this.firstMissing = new Float64Array(capacity);
    this.partners = new Int32Array(capacity * PARTNERS);
    this.giverPrefixes = new Int32Array(capacity * PARTNERS);
  }

  /** Takes a row for a new peer. */
  add(setup: PeerSetup): number {
    const row = this.#free.pop() ?? this.size++;
    if (row >= this.capacity) this.#grow();
    this.present[row] = 1;
    this.wants[row] = setup.wants ? 1 : 0;
    this.reachable[row] = setup.reachable ? 1 : 0;
    this.up[row] = setup.upBytesPerSecond;
    this.down[row] = setup.downBytesPerSecond;
    this.prefix[row] = setup.prefix ?? NOBODY;
    this.widePrefix[row] = setup.widePrefix ?? NOBODY;
    this.outCount[row] = 0;
    this.inCount[row] = 0;
    this.upFreeAtMs[row] = 0;
    this.held[row] = 0;
    this.idleSinceMs[row] = Number.POSITIVE_INFINITY;
    this.headStart[row] = setup.headStart ?? 0;
    this.playsFirstChunkAtMs[row] = setup.playsFirstChunkAtMs ?? Number.POSITIVE_INFINITY;
    this.wantsFrom[row] = setup.wantsFrom ?? 0;
    this.firstMissing[row] = this.wantsFrom[row]!;
    this.ahead[row] = setup.inOrder ? 0 : Number.POSITIVE_INFINITY;
    this.played[row] = 0;
    this.partners.fill(NOBODY, row * PARTNERS, (row + 1) * PARTNERS);
    this.giverPrefixes.fill(NOBODY, row * PARTNERS, (row + 1) * PARTNERS);
    return row;
  }

  /** Gives the row back; the next peer to join may get it. */
  remove(row: number): void {
    this.present[row] = 0;
    this.#free.push(row);
  }

  /** Remembers that `giver` sends to `taker`. */
  meet(giver: number, taker: number): void {
    if (!this.knows(giver, taker)) push(this.partners, giver, taker);
    push(this.giverPrefixes, taker, this.prefix[giver]!);
  }

  /** True when `giver` sent to `taker` lately, so that their link is open. */
  knows(giver: number, taker: number): boolean {
    const from = giver * PARTNERS;
    for (let at = from; at < from + PARTNERS; at++) if (this.partners[at] === taker) return true;
    return false;
  }

  /** How many of the last 8 givers of `taker` are of the prefix. */
  lastGiversOf(taker: number, prefix: number): number {
    let count = 0;
    const from = taker * PARTNERS;
    for (let at = from; at < from + PARTNERS; at++) if (this.giverPrefixes[at] === prefix) count++;
    return count;
  }

  #grow(): void {
    const larger = new PeerTable(this.capacity * 2);
    for (const key of COLUMNS) larger[key].set(this[key] as never);
    for (const key of COLUMNS) (this as Record<Column, unknown>)[key] = larger[key];
    this.capacity *= 2;
  }
}

const COLUMNS = [
  'present',
  'wants',
  'reachable',
  'up',
  'down',
  'prefix',
  'widePrefix',
  'outCount',
  'inCount',
  'outLimit',
  'inLimit',
  'upFreeAtMs',
  'held',
  'idleSinceMs',
  'headStart',
  'playsFirstChunkAtMs',
  'wantsFrom',
  'ahead',
  'played',
  'firstMissing',
  'partners',
  'giverPrefixes',
] as const satisfies readonly (keyof PeerTable)[];
type Column = (typeof COLUMNS)[number];

function push(rows: Int32Array, row: number, value: number): void {
  const from = row * PARTNERS;
  rows.copyWithin(from + 1, from, from + PARTNERS - 1);
  rows[from] = value;
}
