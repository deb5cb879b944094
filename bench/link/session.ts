/**
 * What a link costs without its sockets: sessions, frames, records and their encryption, both ends in this process,
 * each timed apart, in simulated time.
 * npm run bench:session -- [--links 200] [--seconds 60] [--loss 0] [--streams 1] [--rounds 3]
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ChannelStore } from '../../src/protocols/link/channel-store.ts';
import { ReceiveChannel } from '../../src/protocols/link/receive-channel.ts';
import { RecordOpener } from '../../src/protocols/link/record-opener.ts';
import { RecordSealer } from '../../src/protocols/link/record-sealer.ts';
import { LinkSession } from '../../src/protocols/link/session.ts';
import type { StreamRecord } from '../../src/protocols/link/stream-records.ts';
import { aeadKey } from '../../src/protocols/noise/chacha20-poly1305.ts';

const { values } = parseArgs({
  options: {
    links: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    loss: { type: 'string', default: '0' },
    streams: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
  },
});
const [links, seconds, loss, streams, rounds] = [
  Number(values.links),
  Number(values.seconds),
  Number(values.loss),
  Number(values.streams),
  Number(values.rounds),
];

const TICKS_PER_SECOND = 44_100;
const FRAME_TICKS = 1152;
const FRAME_MS = (FRAME_TICKS * 1000) / TICKS_PER_SECOND;
const FRAME = randomBytes(418);
const PATH_ID = 1;
const PATH = { payloadBytes: 1200, maxPayloadBytes: 1447, overheadBytes: 53, isReliable: false, idlePingMs: 5000 };

const STEP_MS = 2;
const DELAY_MS = 20;

/** CPU time of all ends of one side, and how many records they made and took. */
class Side {
  cpuMs = 0;
  sealed = 0;
  opened = 0;

  /** Work of this side; with all that the process does for it (garbage collection). */
  measure(work: () => void): void {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    this.cpuMs += (user + system) / 1000;
  }
}

/** One end of a link. */
class End {
  readonly session: LinkSession;
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  readonly #side: Side;
  #timeoutMs = 0;
  /** What is under way to the other end. */
  readonly outgoing: { dueMs: number; record: Buffer }[] = [];

  constructor(sessionId: string, keys: { out: Buffer; in: Buffer }, side: Side) {
    this.#side = side;
    this.#sealer = new RecordSealer({ key: aeadKey(keys.out), connectionId: 1, nowMs: 0 });
    this.#opener = new RecordOpener({ key: aeadKey(keys.in), connectionId: 1 });
    this.session = new LinkSession({
      sessionId,
      instance: randomBytes(8).toString('hex'),
      policy: 'race',
      reserveMs: 25_000,
      events: { acknowledged: (_, number) => this.#sealer.acknowledge(number) },
    });
    this.session.addPath(PATH_ID, PATH, 0);
  }

  /** Takes what has arrived and does what is due. */
  run(from: End, nowMs: number): void {
    while (from.outgoing.length > 0 && from.outgoing[0]!.dueMs <= nowMs)
      this.#take(from.outgoing.shift()!.record, nowMs);
    if (nowMs >= this.#timeoutMs) this.pump(nowMs);
  }

  pump(nowMs: number): void {
    const { session } = this;
    session.tick(nowMs);
    for (let packet = session.poll(nowMs); packet; packet = session.poll(nowMs)) {
      const record = this.#sealer.seal(packet.payload, nowMs);
      this.#side.sealed++;
      if (loss === 0 || Math.random() >= loss) this.outgoing.push({ dueMs: nowMs + DELAY_MS, record });
    }
    this.#timeoutMs = session.nextTimeoutMs(nowMs);
  }

  #take(record: Buffer, nowMs: number): void {
    const opened = this.#opener.open(record, nowMs);
    if (typeof opened === 'string') throw new Error(`a record is ${opened}`);
    this.#side.opened++;
    this.session.receive(PATH_ID, opened.number, opened.payload, nowMs);
    this.pump(nowMs);
  }
}

/** A stream: a frame each 26 ms, at times of its own. */
interface Source {
  readonly store: ChannelStore;
  nextMs: number;
}

class Link {
  readonly sender: End;
  readonly receiver: End;
  readonly #sources: Source[] = [];
  heardBytes = 0;

  constructor(sending: Side, receiving: Side) {
    const [sessionId, out, back] = [randomBytes(16).toString('hex'), randomBytes(32), randomBytes(32)];
    this.sender = new End(sessionId, { out, in: back }, sending);
    this.receiver = new End(sessionId, { out: back, in: out }, receiving);
    for (let index = 0; index < streams; index++) this.#publish(`/s${index}`);
  }

  /** Each stream comes from a socket of its own: each frame wakes the session. */
  send(nowMs: number): void {
    for (const source of this.#sources) {
      if (nowMs < source.nextMs) continue;
      source.nextMs += FRAME_MS;
      source.store.append({ type: 'audio', data: FRAME, ticks: FRAME_TICKS });
      this.sender.pump(nowMs);
    }
    this.sender.run(this.receiver, nowMs);
  }

  receive(nowMs: number): void {
    this.receiver.run(this.sender, nowMs);
  }

  #publish(name: string): void {
    const epoch = randomBytes(8).toString('hex');
    const store = new ChannelStore({ name, epoch, keepMs: 35_000, maxBytes: 8 << 20 });
    const headers = Buffer.alloc(0);
    const [contentType, codec, ticksPerSecond, channels] = ['audio/mpeg', 'mp3', TICKS_PER_SECOND, 2] as const;
    store.append({ type: 'format', contentType, codec, ticksPerSecond, channels, headers });
    this.#sources.push({ store, nextMs: Math.random() * FRAME_MS });
    this.sender.session.publish(store);
    const sink = {
      record: (record: StreamRecord) => {
        if (record.type === 'audio') this.heardBytes += record.data.length;
      },
      gap: () => {},
    };
    this.receiver.session.subscribe(new ReceiveChannel({ name, sink, backMs: 25_000 }));
  }
}

function play(cipherUs: number): string[] {
  const [sending, receiving] = [new Side(), new Side()];
  const all = Array.from({ length: links }, () => new Link(sending, receiving));
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += STEP_MS) {
    sending.measure(() => {
      for (const link of all) link.send(nowMs);
    });
    receiving.measure(() => {
      for (const link of all) link.receive(nowMs);
    });
  }
  const audioBytes = ((links * streams * seconds * 1000) / FRAME_MS) * FRAME.length;
  const heardBytes = all.reduce((sum, link) => sum + link.heardBytes, 0);
  if (heardBytes < audioBytes * 0.95) throw new Error(`${heardBytes} of ${audioBytes} bytes arrived`);
  return [row('sender', sending, cipherUs), row('receiver', receiving, cipherUs)];
}

function row(name: string, { cpuMs, sealed, opened }: Side, cipherUs: number): string {
  const records = sealed + opened;
  const streamSeconds = links * streams * seconds;
  const cells = [
    name,
    (sealed / streamSeconds).toFixed(1),
    (opened / streamSeconds).toFixed(1),
    ((cpuMs * 1000) / records).toFixed(1),
    cipherUs.toFixed(1),
    Math.round((streamSeconds * 1000) / cpuMs),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** CPU time of sealing or opening one full record, in microseconds. */
function measureCipher(): number {
  const key = randomBytes(32);
  const sealer = new RecordSealer({ key: aeadKey(key), connectionId: 1, nowMs: 0 });
  const opener = new RecordOpener({ key: aeadKey(key), connectionId: 1 });
  const payload = randomBytes(PATH.maxPayloadBytes);
  const side = new Side();
  for (const rounds of [5000, 20_000]) {
    side.cpuMs = 0;
    side.measure(() => {
      for (let count = 0; count < rounds; count++) opener.open(sealer.seal(payload, 0), 0);
    });
    side.sealed = rounds;
  }
  return (side.cpuMs * 1000) / (2 * side.sealed);
}

const cipherUs = measureCipher();
console.log(`${links} links of ${streams} x 128 kbit/s, ${seconds} s, ${loss * 100} % loss, Node ${process.version}`);
console.log('| end | sealed /s | opened /s | us a record | of it the cipher | streams a core |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (let round = 0; round < rounds; round++) for (const line of play(cipherUs)) console.log(line);
