import { beforeEach, describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { ChannelStore } from './channel-store.ts';
import type { DataFrame } from './frames.ts';
import { type ChannelPosition, type ChannelSink, ReceiveChannel } from './receive-channel.ts';
import { SendChannel } from './send-channel.ts';
import type { StreamRecord } from './stream-records.ts';

const FRAME_BYTES = 100;
const FORMAT: StreamRecord = {
  type: 'format',
  contentType: 'audio/mpeg',
  codec: 'mp3',
  ticksPerSecond: 1000,
  channels: 2,
  headers: Buffer.alloc(0),
};

class Sink implements ChannelSink {
  readonly heard: string[] = [];

  record(record: StreamRecord, audioOffset: number): void {
    if (record.type === 'audio') this.heard.push(`${audioOffset / FRAME_BYTES}:${record.data[0]}`);
    else if (record.type === 'origin') this.heard.push(`origin ${record.originByte}`);
    else this.heard.push(record.type === 'title' ? record.title : record.type);
  }

  gap(cause: string, lostMs: number | undefined): void {
    this.heard.push(`${cause} ${lostMs}`);
  }

  end(): void {
    this.heard.push('end');
  }
}

let store: ChannelStore;
let send: SendChannel;
let sink: Sink;
let receive: ReceiveChannel;
let made: number;

// Frame n is 100 bytes of n that last 100 ms.
function make(count: number): void {
  for (const end = made + count; made < end; made++) {
    store.append({ type: 'audio', data: Buffer.alloc(FRAME_BYTES, made), ticks: 100 });
  }
}

const title = (text: string) => store.append({ type: 'title', title: text, artist: '', url: '' });
const origin = (originByte: number) =>
  store.append({ type: 'origin', epoch: '8899aabbccddeeff', originByte, audioOffset: made * FRAME_BYTES });
const frames = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${from + index}:${from + index}`);

function newReceiver(held?: ChannelPosition): void {
  sink = new Sink();
  receive = new ReceiveChannel({ name: 'live', sink, backMs: 1000, ...(held && { held }) });
}

function subscribe(): void {
  receive.open(send.openFrame);
  send.want(receive.wantFrame(), 0);
  receive.start(send.startFrame!);
}

function takePieces(maxBytes = 250): DataFrame[] {
  const pieces: DataFrame[] = [];
  if (send.update(0)) receive.start(send.startFrame!);
  for (let chunk = send.next(maxBytes); chunk; chunk = send.next(maxBytes)) {
    const { start, end } = chunk;
    const data = store.read(start, end - start);
    pieces.push({ type: 'data', channel: 0, offset: start, data });
    send.send(chunk, 1);
    if (send.update(0)) receive.start(send.startFrame!);
  }
  return pieces;
}

function deliver(pieces: readonly DataFrame[]): void {
  for (const piece of pieces) {
    if (!receive.data(piece)) continue;
    send.acked({ start: piece.offset, end: piece.offset + piece.data.length });
  }
}

beforeEach(() => {
  store = new ChannelStore({ name: 'live', epoch: '0011223344556677', keepMs: 2000, maxBytes: 1 << 20 });
  made = 0;
  store.append(FORMAT);
  send = new SendChannel(0, store);
  newReceiver();
});

describe('a channel', () => {
  it('brings what is newer than asked for, and all that follows, in order', () => {
    make(15);
    subscribe();
    deliver(takePieces());
    make(3);
    deliver(takePieces().reverse());
    expect(sink.heard).toEqual(['format', ...frames(5, 18)]);
    expect(send.unackedBytes).toBe(0);
    expect(receive.position).toEqual({ epoch: store.epoch, offset: store.newest, mediaTimeUs: 1_800_000 });
  });

  it('tells the title that holds where a listener joins', () => {
    title('before');
    make(15);
    title('after');
    make(1);
    subscribe();
    deliver(takePieces());
    expect(sink.heard).toEqual(['format', 'before', ...frames(6, 15), 'after', '15:15']);
  });

  it('tells the origin that holds, also after what is lost', () => {
    origin(1000);
    title('before');
    make(15);
    subscribe();
    deliver(takePieces());
    expect(sink.heard).toEqual(['format', 'origin 1000', 'before', ...frames(5, 15)]);
    origin(9000);
    make(5);
    const lost = takePieces();
    make(40);
    for (const { offset, data } of lost) send.lost({ start: offset, end: offset + data.length }, 1, 0);
    sink.heard.length = 0;
    deliver(takePieces());
    expect(sink.heard.slice(0, 3)).toEqual(['eviction 2500', 'origin 9000', '40:40']);
  });

  it('delivers each byte once, however often and in whatever pieces it comes', () => {
    make(10);
    subscribe();
    const pieces = takePieces(170);
    deliver([...pieces.slice(2), ...pieces, ...pieces].reverse());
    expect(sink.heard).toEqual(['format', ...frames(0, 10)]);
    expect(receive.duplicateBytes).toBeGreaterThan(0);
    expect(receive.outOfOrderBytes).toBe(0);
  });

  it('sends again what was lost, and nothing that arrived', () => {
    make(10);
    subscribe();
    const pieces = takePieces();
    const lost = pieces.filter((_, index) => index % 2 === 1);
    deliver(pieces.filter((_, index) => index % 2 === 0));
    for (const { offset, data } of lost) send.lost({ start: offset, end: offset + data.length }, 1, 0);
    expect(send.pending.total).toBe(lost.reduce((sum, { data }) => sum + data.length, 0));
    deliver(takePieces());
    expect(sink.heard).toEqual(['format', ...frames(0, 10)]);
  });

  it('does not send again what another path carries', () => {
    make(2);
    subscribe();
    const [piece] = takePieces(1000);
    const range = { start: piece!.offset, end: piece!.offset + piece!.data.length };
    send.send(range, 2);
    send.lost(range, 1, 0);
    expect(send.pending.total).toBe(0);
    send.lost(range, 2, 0);
    expect(send.pending.total).toBe(piece!.data.length);
  });

  it('names one gap with its length when the sender no longer has what is missing', () => {
    make(5);
    subscribe();
    deliver(takePieces());
    make(5);
    const lost = takePieces();
    title('missed');
    make(40);
    for (const { offset, data } of lost) send.lost({ start: offset, end: offset + data.length }, 1, 0);
    deliver(takePieces());
    // 2 s are kept: frames 30 to 49.
    expect(sink.heard).toEqual(['format', ...frames(0, 5), 'eviction 2500', 'missed', ...frames(30, 50)]);
  });

  it('goes on with the first missing byte after a restart of the receiver with its store', () => {
    make(10);
    subscribe();
    const pieces = takePieces(333);
    deliver(pieces.slice(0, 2));
    const before = [...sink.heard];
    const held = receive.position!;
    newReceiver(held);
    send.reset();
    make(2);
    subscribe();
    deliver(takePieces());
    expect([...before, ...sink.heard.slice(1)]).toEqual(['format', ...frames(0, 12)]);
  });

  it('takes what a START names though it comes before the START, after a restart', () => {
    make(10);
    subscribe();
    deliver(takePieces());
    newReceiver(receive.position);
    send.reset();
    make(2);
    receive.open(send.openFrame);
    send.want(receive.wantFrame(), 0);
    const start = send.startFrame!;
    const pieces: DataFrame[] = [];
    for (let chunk = send.next(250); chunk; chunk = send.next(250)) {
      const data = store.read(chunk.start, chunk.end - chunk.start);
      pieces.push({ type: 'data', channel: 0, offset: chunk.start, data });
      send.send(chunk, 1);
    }
    deliver(pieces);
    receive.start(start);
    expect(sink.heard).toEqual(['format', ...frames(10, 12)]);
  });

  it('goes on within a pinned record that a later START names again', () => {
    const url = 'u'.repeat(900);
    store.append({ type: 'title', title: 'long', artist: '', url });
    make(15);
    subscribe();
    const pieces = takePieces(200);
    // The format and the front of the title come, the rest of it and all audio do not.
    deliver(pieces.slice(0, 3));
    make(40);
    for (const { offset, data } of pieces.slice(3)) send.lost({ start: offset, end: offset + data.length }, 1, 0);
    const later = takePieces(200);
    deliver(later);
    expect(sink.heard).toEqual(['format', 'long', ...frames(35, 55)]);
  });

  it('keeps a title that came out of order when what is before it is lost', () => {
    make(5);
    subscribe();
    deliver(takePieces());
    make(5);
    const lost = takePieces();
    title('arrived');
    deliver(takePieces());
    make(40);
    for (const { offset, data } of lost) send.lost({ start: offset, end: offset + data.length }, 1, 0);
    deliver(takePieces());
    expect(sink.heard).toEqual(['format', ...frames(0, 5), 'eviction 2500', 'arrived', ...frames(30, 50)]);
  });

  it('says so when the publisher began anew', () => {
    make(3);
    subscribe();
    deliver(takePieces());
    store = new ChannelStore({ name: 'live', epoch: '8899aabbccddeeff', keepMs: 2000, maxBytes: 1 << 20 });
    store.append(FORMAT);
    made = 0;
    make(2);
    send = new SendChannel(1, store);
    subscribe();
    deliver(takePieces());
    expect(sink.heard).toEqual(['format', ...frames(0, 3), 'new-epoch undefined', 'format', ...frames(0, 2)]);
  });

  it('ends when all has come', () => {
    make(3);
    subscribe();
    const pieces = takePieces();
    receive.end(store.newest);
    deliver(pieces.slice(0, -1));
    expect(sink.heard).not.toContain('end');
    deliver(pieces.slice(-1));
    expect(sink.heard.at(-1)).toBe('end');
  });

  it('holds a bounded amount out of order and refuses the rest', () => {
    receive = new ReceiveChannel({ name: 'live', sink, backMs: 0, windowBytes: 1000 });
    receive.open(send.openFrame);
    const piece = (offset: number): DataFrame => ({ type: 'data', channel: 0, offset, data: Buffer.alloc(500) });
    expect([10_000, 20_000, 30_000, 40_000, 50_000].map((offset) => receive.data(piece(offset)))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(receive.outOfOrderBytes).toBe(2000);
  });

  it('never sends beyond the window', () => {
    make(19);
    receive = new ReceiveChannel({ name: 'live', sink, backMs: 5000, windowBytes: 500 });
    subscribe();
    const pieces = takePieces();
    const last = pieces.at(-1)!;
    expect(last.offset + last.data.length).toBe(500);
    deliver(pieces);
    expect(send.next(9999)).toMatchObject({ start: 500, end: 1000 });
  });

  it('refuses a HAVE of what does not exist', () => {
    make(1);
    subscribe();
    const contiguous = store.newest + 1;
    expect(() => send.have({ type: 'have', channel: 0, contiguous, ranges: [] })).toThrow(ProtocolViolation);
  });
});

describe('ChannelStore', () => {
  it('keeps what it should by time and by bytes, and the format for ever', () => {
    make(100);
    expect(store.oldest).toBe(store.newest - 20 * 101 + 0);
    expect(store.read(0, 9999).length).toBeGreaterThan(10);
    expect(() => store.read(200, 1)).toThrow(RangeError);
    const small = new ChannelStore({ name: 'x', epoch: store.epoch, keepMs: 1e9, maxBytes: 1000 });
    small.append(FORMAT);
    for (let count = 0; count < 50; count++) small.append({ type: 'audio', data: Buffer.alloc(100), ticks: 1 });
    expect(small.heldBytes).toBeLessThanOrEqual(1000);
  });

  it('knows its rate', () => {
    make(100);
    expect(store.bytesPerSecond).toBeCloseTo(1010, -1);
  });
});
