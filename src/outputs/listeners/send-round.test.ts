import { describe, expect, it } from 'vitest';
import { sendSoon } from './send-round.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Has so many writes to do; tells of each turn. */
function sender(name: string, writes: number, log: string[]) {
  let todo = writes;
  return {
    send(most: number): number | undefined {
      const done = Math.min(most, todo);
      todo -= done;
      log.push(`${name} ${done}`);
      return todo > 0 ? undefined : most - done;
    },
    failed(error: unknown) {
      log.push(`${name} failed: ${error}`);
    },
  };
}

describe('sendSoon', () => {
  it('lets senders write in turn, a hundred writes before other events', async () => {
    const log: string[] = [];
    sendSoon(sender('a', 30, log));
    sendSoon(sender('b', 150, log));
    sendSoon(sender('c', 10, log));
    expect(log).toEqual([]);
    await turn();
    expect(log).toEqual(['a 30', 'b 70']);
    log.push('others');
    await turn();
    expect(log).toEqual(['a 30', 'b 70', 'others', 'b 80', 'c 10']);
  });

  it('takes one that comes while others write', async () => {
    const log: string[] = [];
    const late = sender('late', 1, log);
    sendSoon({
      send(most) {
        sendSoon(late);
        return most;
      },
      failed: () => {},
    });
    await turn();
    await turn();
    expect(log).toEqual(['late 1']);
  });

  it('goes on with the others when one fails, and tells that one', async () => {
    const log: string[] = [];
    const broken = sender('broken', 1, log);
    broken.send = () => {
      throw new Error('no such image');
    };
    sendSoon(broken);
    sendSoon(sender('b', 2, log));
    await turn();
    expect(log).toEqual(['broken failed: Error: no such image', 'b 2']);
  });
});
