import type { LinkPolicy } from '../../src/protocols/link/path-policy.ts';
import { type ChannelPosition, ReceiveChannel } from '../../src/protocols/link/receive-channel.ts';
import { hexOf, SimEnd, SimPath, SimSource } from './link-ends.ts';
import { SimListener } from './link-listener.ts';
import { LinkNetwork } from './link-network.ts';

/** The sender keeps more than the longest outage, or in every third storm far too little. */
const KEEP_MS = 70_000;
const SHORT_KEEP_MS = 6000;
const RESERVE_MS = 60_000;
const SETTLE_MS = 40_000;
/** What holds from before a start is longer than a packet. */
const HEADER_BYTES = 4000;
const LONGEST_URL = 3000;

/** How a storm ended. */
export interface StormResult {
  readonly log: readonly string[];
  readonly listener: SimListener;
  readonly source: SimSource;
  /** Where the receiver stands at the end; the stream's newest when it has all. */
  readonly position: ChannelPosition | undefined;
  readonly violations: readonly unknown[];
  readonly simulatedMs: number;
}

/** One random schedule of everything that may go wrong, by its seed; it ends with a calm time. */
export class Storm {
  readonly #network: LinkNetwork;
  readonly #random: () => number;
  readonly #source: SimSource;
  readonly #sessionId: string;
  readonly #policy: LinkPolicy;
  readonly #log: string[] = [];
  readonly #ends: SimEnd[] = [];
  readonly #paths: SimPath[] = [];
  #sender: SimEnd;
  #receiver: SimEnd;
  #channel: ReceiveChannel;
  #listener: SimListener;
  #pathIds = 0;
  #titles = 0;

  constructor(seed: number) {
    this.#network = new LinkNetwork(seed);
    this.#random = this.#network.random;
    this.#sessionId = hexOf(this.#random, 16);
    this.#policy = (['race', 'race', 'duplicate', 'spread'] as const)[Math.floor(this.#random() * 4)]!;
    this.#source = new SimSource(this.#network, {
      keepMs: seed % 3 === 0 ? SHORT_KEEP_MS : KEEP_MS,
      headerBytes: HEADER_BYTES,
    });
    this.#listener = new SimListener(this.#network, () => this.#source);
    this.#channel = this.#newChannel(undefined);
    this.#sender = this.#newSender();
    this.#receiver = this.#newReceiver();
    for (let count = 1 + Math.floor(this.#random() * 2); count > 0; count--) this.#connect();
  }

  /** Runs it all. */
  run(): StormResult {
    const stormMs = this.#between(20_000, 120_000);
    while (this.#network.nowMs < stormMs) {
      this.#network.runUntil(this.#network.nowMs + this.#between(200, 12_000));
      this.#trouble();
    }
    this.#say('calm');
    for (const path of this.#paths) path.set({ ...this.#calm(), isDown: false });
    this.#network.runUntil(this.#network.nowMs + SETTLE_MS);
    this.#source.isRunning = false;
    this.#source.store.close();
    this.#network.runUntil(this.#network.nowMs + 5000);
    return {
      log: this.#log,
      listener: this.#listener,
      source: this.#source,
      position: this.#channel.position,
      violations: this.#ends.flatMap((end) => end.violations),
      simulatedMs: this.#network.nowMs,
    };
  }

  #trouble(): void {
    const kinds = [
      () => this.#outage(),
      () => this.#outage(),
      () => this.#weather(),
      () => this.#weather(),
      () => this.#pathDeath(),
      () => this.#newAddress(),
      () => this.#restartReceiver(true),
      () => this.#restartReceiver(false),
      () => this.#restartSender(),
      () => this.#title(),
      () => this.#title(),
    ];
    kinds[Math.floor(this.#random() * kinds.length)]!();
  }

  #outage(): void {
    // Most outages are short.
    const forMs = 100 * 600 ** this.#random() * (this.#random() < 0.2 ? 1 : 0.3);
    const hit = this.#paths.filter(() => this.#random() < 0.7);
    this.#say(`outage of ${forMs.toFixed(0)} ms on ${hit.map(({ id }) => id)}`);
    for (const path of hit) path.set({ isDown: true });
    this.#network.at(this.#network.nowMs + forMs, () => {
      for (const path of hit) path.set({ isDown: false });
    });
  }

  #weather(): void {
    const path = this.#anyPath();
    if (!path) return;
    const state = {
      delayMs: this.#between(1, 150),
      jitterMs: this.#random() < 0.5 ? 0 : this.#between(0, 40),
      reorders: this.#random() < 0.5,
      loss: this.#random() < 0.4 ? 0 : 0.4 * this.#random(),
      duplicates: this.#random() < 0.6 ? 0 : 0.2 * this.#random(),
      corrupts: this.#random() < 0.7 ? 0 : 0.05 * this.#random(),
      bytesPerSecond: this.#random() < 0.7 ? 0 : this.#between(25_000, 200_000),
      queueBytes: Math.round(this.#between(12_000, 64_000)),
      maxBytes: this.#random() < 0.7 ? 0 : Math.round(this.#between(1260, 1500)),
    };
    this.#say(`weather on ${path.id} ${JSON.stringify(state)}`);
    path.set(state);
  }

  #pathDeath(): void {
    const path = this.#anyPath();
    if (!path) return;
    const isToldBoth = this.#random() < 0.5;
    this.#say(`path ${path.id} dies${isToldBoth ? '' : ', the sender is not told'}`);
    this.#drop(path);
    this.#receiver.detach(path.id);
    if (isToldBoth) this.#sender.detach(path.id);
    else {
      const { id } = path;
      const sender = this.#sender;
      this.#network.at(this.#network.nowMs + this.#between(1000, 20_000), () => sender.detach(id));
    }
    this.#connectLater();
  }

  #newAddress(): void {
    const path = this.#anyPath();
    if (!path) return;
    this.#say(`new address instead of path ${path.id}`);
    this.#drop(path);
    const [sender, receiver] = [this.#sender, this.#receiver];
    this.#network.at(this.#network.nowMs + 5000, () => {
      sender.detach(path.id);
      receiver.detach(path.id);
    });
    this.#connectLater();
  }

  #restartReceiver(keepsStore: boolean): void {
    this.#say(`receiver restarts ${keepsStore ? 'with' : 'without'} its store`);
    const held = keepsStore ? this.#channel.position : undefined;
    this.#restart(this.#receiver, () => {
      if (!keepsStore || !held) this.#listener = new SimListener(this.#network, () => this.#source);
      this.#channel = this.#newChannel(held);
      this.#receiver = this.#newReceiver();
    });
  }

  #restartSender(): void {
    this.#say('sender restarts');
    this.#restart(this.#sender, () => {
      this.#sender = this.#newSender();
    });
  }

  #restart(end: SimEnd, begin: () => void): void {
    end.kill();
    for (const path of [...this.#paths]) this.#drop(path);
    const downMs = this.#between(100, 8000);
    this.#network.runUntil(this.#network.nowMs + downMs);
    begin();
    for (let count = 1 + Math.floor(this.#random() * 2); count > 0; count--) this.#connect();
  }

  #title(): void {
    this.#titles++;
    this.#source.title(`Song ${this.#titles}`, 'u'.repeat(this.#random() < 0.5 ? 0 : this.#between(0, LONGEST_URL)));
  }

  #connectLater(): void {
    const waitMs = this.#between(50, 3000);
    this.#network.at(this.#network.nowMs + waitMs, () => this.#connect());
  }

  #connect(): void {
    const path = new SimPath(this.#network, this.#pathIds++, { payloadBytes: 1200, maxPayloadBytes: 1447 });
    path.set(this.#calm());
    this.#paths.push(path);
    const [sender, receiver] = [this.#sender, this.#receiver];
    sender.attach(path, path.forth, () => receiver);
    receiver.attach(path, path.back, () => sender);
  }

  #drop(path: SimPath): void {
    path.set({ isDown: true });
    this.#paths.splice(this.#paths.indexOf(path), 1);
  }

  #newChannel(held: ChannelPosition | undefined): ReceiveChannel {
    const { name } = this.#source.store;
    return new ReceiveChannel({ name, sink: this.#listener, backMs: RESERVE_MS, ...(held && { held }) });
  }

  #newSender(): SimEnd {
    const end = this.#newEnd();
    end.session.publish(this.#source.store);
    return end;
  }

  #newReceiver(): SimEnd {
    const end = this.#newEnd();
    end.session.subscribe(this.#channel);
    return end;
  }

  #newEnd(): SimEnd {
    const end = new SimEnd({
      network: this.#network,
      sessionId: this.#sessionId,
      policy: this.#policy,
      reserveMs: RESERVE_MS,
    });
    this.#ends.push(end);
    return end;
  }

  #calm() {
    const delayMs = this.#between(5, 60);
    return {
      delayMs,
      jitterMs: 0,
      reorders: false,
      loss: 0,
      duplicates: 0,
      corrupts: 0,
      bytesPerSecond: 0,
      maxBytes: 0,
    };
  }

  #anyPath(): SimPath | undefined {
    return this.#paths[Math.floor(this.#random() * this.#paths.length)];
  }

  #between(low: number, high: number): number {
    return low + this.#random() * (high - low);
  }

  #say(text: string): void {
    this.#log.push(`${(this.#network.nowMs / 1000).toFixed(2)} ${text}`);
  }
}
