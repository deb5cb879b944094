import { ProtocolViolation } from '../../core/errors.ts';
import type { ChannelStore } from './channel-store.ts';
import type { ControlQueue } from './control-queue.ts';
import { type DataFrame, type Frame, MAX_CHANNELS, MAX_NAME_BYTES, type OpenFrame } from './frames.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { ReceiveChannel } from './receive-channel.ts';
import { SendChannel } from './send-channel.ts';
import type { ControlItem } from './sent-packet.ts';

/** The streams of one session: what is published to the peer and what is subscribed from it. */
export class ChannelTable {
  readonly #controls: ControlQueue;
  readonly #onChange: () => void;
  readonly #sends = new Map<number, SendChannel>();
  readonly #unwatch = new Map<number, () => void>();
  readonly #subscriptions = new Map<string, ReceiveChannel>();
  readonly #offers = new Map<number, OpenFrame>();
  readonly #bound = new Map<number, ReceiveChannel>();
  readonly #changed = new Set<SendChannel>(); // stores that grew, bytes that were lost, since `update`
  /** Channels with something to send. */
  readonly ready = new ReadyQueue();
  #nextId = 0;

  /** `onChange` is called when a store has something new. */
  constructor(controls: ControlQueue, onChange: () => void) {
    this.#controls = controls;
    this.#onChange = onChange;
  }

  get sends(): Iterable<SendChannel> {
    return this.#sends.values();
  }

  get subscriptions(): Iterable<ReceiveChannel> {
    return this.#subscriptions.values();
  }

  /** What the peer publishes. */
  get offers(): Iterable<OpenFrame> {
    return this.#offers.values();
  }

  /** Throws RangeError above 1,024 streams, and for a name that is empty or above 255 bytes. */
  publish(store: ChannelStore): SendChannel {
    const nameBytes = Buffer.byteLength(store.name);
    if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES) throw new RangeError(`a stream name of ${nameBytes} bytes`);
    if (this.#sends.size >= MAX_CHANNELS) throw new RangeError(`more than ${MAX_CHANNELS} streams on a link`);
    const channel = new SendChannel(this.#nextId++, store);
    this.#sends.set(channel.id, channel);
    this.#unwatch.set(
      channel.id,
      store.watch(() => {
        if (store.isClosed) this.#controls.add('end', channel.id);
        if (!channel.isWanted && !store.isClosed) return;
        this.#changed.add(channel);
        this.#onChange();
      }),
    );
    this.#controls.add('open', channel.id);
    if (store.isClosed) this.#controls.add('end', channel.id);
    return channel;
  }

  unpublish(store: ChannelStore): void {
    for (const channel of this.#sends.values()) {
      if (channel.store !== store) continue;
      this.#unwatch.get(channel.id)?.();
      this.#unwatch.delete(channel.id);
      this.#sends.delete(channel.id);
      this.#changed.delete(channel);
      this.ready.delete(channel);
      this.#controls.add('end', channel.id);
    }
  }

  subscribe(channel: ReceiveChannel): void {
    this.#subscriptions.set(channel.name, channel);
    let newest: OpenFrame | undefined;
    for (const offer of this.#offers.values()) if (offer.name === channel.name) newest = offer;
    if (newest) this.#bind(channel, newest);
  }

  unsubscribe(channel: ReceiveChannel): void {
    if (this.#subscriptions.get(channel.name) === channel) this.#subscriptions.delete(channel.name);
    if (channel.channel === undefined) return;
    this.#bound.delete(channel.channel);
    this.#controls.add('stop', channel.channel);
    channel.close();
  }

  /** Takes what stores got since the last call, and skips what they no longer have. */
  update(nowMs: number): void {
    if (this.#changed.size === 0) return;
    for (const channel of this.#changed) this.#refresh(channel, nowMs);
    this.#changed.clear();
  }

  /** A channel's pending bytes changed. */
  touch(channel: SendChannel): void {
    if (this.#sends.has(channel.id)) this.ready.update(channel);
  }

  /** Bytes of a channel must be sent again; the store may no longer have them. */
  lost(channel: SendChannel): void {
    if (this.#sends.has(channel.id)) this.#changed.add(channel);
  }

  /** The peer's process began anew: all it said is void, all it was told is forgotten. */
  resetPeer(): void {
    this.#offers.clear();
    for (const channel of this.#bound.values()) channel.close();
    this.#bound.clear();
    this.ready.clear();
    this.#changed.clear();
    for (const channel of this.#sends.values()) {
      channel.reset();
      this.#controls.add('open', channel.id);
      if (channel.store.isClosed) this.#controls.add('end', channel.id);
    }
  }

  /** The session is over: the stores are left alone. */
  close(): void {
    for (const unwatch of this.#unwatch.values()) unwatch();
    this.#unwatch.clear();
    for (const channel of this.#bound.values()) channel.close();
    this.#bound.clear();
  }

  /** The frame of a control item as it is now; undefined when it is no longer true. */
  frameFor({ kind, channel }: ControlItem): Frame | undefined {
    const send = this.#sends.get(channel);
    if (kind === 'open') return send?.openFrame;
    if (kind === 'start') return send?.startFrame;
    if (kind === 'end') return { type: 'end', channel, newest: send?.store.newest ?? 0 };
    if (kind === 'want') return this.#bound.get(channel)?.wantFrame();
    if (kind === 'have') return this.#bound.get(channel)?.haveFrame();
    return { type: 'stop', channel };
  }

  /** Asks for a HAVE of every subscribed channel. */
  addHaves(): void {
    for (const channel of this.#bound.keys()) this.#controls.add('have', channel);
  }

  /** Returns whether the packet may be acknowledged. Throws ProtocolViolation. */
  receive(frame: Frame, nowMs: number): boolean {
    switch (frame.type) {
      case 'open':
        this.#open(frame);
        return true;
      case 'want': {
        const channel = this.#sendChannel(frame.channel);
        if (channel?.want(frame, nowMs)) this.#controls.add('start', channel.id);
        if (channel) this.touch(channel);
        return true;
      }
      case 'have': {
        const channel = this.#sendChannel(frame.channel);
        channel?.have(frame);
        if (channel) this.touch(channel);
        return true;
      }
      case 'stop': {
        const channel = this.#sendChannel(frame.channel);
        channel?.reset();
        if (channel) this.touch(channel);
        return true;
      }
      case 'start':
        this.#bound.get(frame.channel)?.start(frame);
        return true;
      case 'end':
        this.#bound.get(frame.channel)?.end(frame.newest);
        return true;
      case 'data':
        return this.#data(frame);
      default:
        return true;
    }
  }

  #refresh(channel: SendChannel, nowMs: number): void {
    if (channel.update(nowMs)) this.#controls.add('start', channel.id);
    this.touch(channel);
  }

  #data(frame: DataFrame): boolean {
    return this.#bound.get(frame.channel)?.data(frame) ?? true;
  }

  #sendChannel(id: number): SendChannel | undefined {
    if (id >= this.#nextId) throw new ProtocolViolation(`channel ${id} was never opened`);
    return this.#sends.get(id);
  }

  #open(frame: OpenFrame): void {
    const known = this.#offers.get(frame.channel);
    if (known && (known.name !== frame.name || known.epoch !== frame.epoch)) {
      throw new ProtocolViolation('OPEN gives a channel another name');
    }
    this.#offers.set(frame.channel, frame);
    // Two offers of one name: the later is the publisher's newer store.
    for (const offer of this.#offers.values()) {
      if (offer.name === frame.name && offer.channel < frame.channel) this.#offers.delete(offer.channel);
    }
    if (this.#offers.size > MAX_CHANNELS) throw new ProtocolViolation(`more than ${MAX_CHANNELS} channels`);
    const channel = this.#subscriptions.get(frame.name);
    if (channel) this.#bind(channel, frame);
  }

  #bind(channel: ReceiveChannel, offer: OpenFrame): void {
    const bound = channel.channel;
    if (bound !== undefined && bound >= offer.channel) return;
    if (bound !== undefined) this.#bound.delete(bound);
    this.#bound.set(offer.channel, channel);
    channel.open(offer);
    this.#controls.add('want', offer.channel);
  }
}
