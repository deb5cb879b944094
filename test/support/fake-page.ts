import { EventEmitter } from 'node:events';
import type { Json } from '../../src/node/events/merge-patch.ts';

/** An event of a feed, as a page takes it. */
export interface PageEvent {
  readonly name: string;
  /** Empty where the event has none. */
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  readonly data: any;
}

/** The response of an open page, as far as a live feed uses one; hand it over as a `ServerResponse`. */
export class FakePage extends EventEmitter {
  text = '';
  /** Bytes that wait because the page does not read; undefined: it reads all. */
  stuck: number | undefined;
  destroyed = false;

  write(bytes: Buffer): boolean {
    this.text += bytes.toString();
    if (this.stuck !== undefined) this.stuck += bytes.length;
    return true;
  }

  get writableLength(): number {
    return this.stuck ?? 0;
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  /** What was told since the last look. */
  events(): PageEvent[] {
    const found = [...this.text.matchAll(/event: (\w+)\n(?:id: (\S+)\n)?data: (.*)\n\n/g)];
    this.text = '';
    return found.map(([, name = '', id = '', data = '']) => ({ name, id, data: JSON.parse(data) as Json }));
  }
}
