import { describe, expect, it } from 'vitest';
import { SERVER } from '../schedule/swarm.ts';
import { LiveOrders } from './live-orders.ts';

describe('orders of a live stream', () => {
  it('are forgotten when nothing is heard of them for 4 s', () => {
    const orders = new LiveOrders();
    const [one, other, third] = [1, 2, 3].map((taker) => ({ giver: 9, taker, chunk: 5 }));
    orders.given(one!, 0);
    orders.given(other!, 0);
    orders.given(third!, 100);
    orders.over(other!);
    expect(orders.takeForgotten(3999)).toEqual([]);
    expect(orders.takeForgotten(4000)).toEqual([one]);
    expect(orders.takeForgotten(4100)).toEqual([third]);
    expect(orders.takeForgotten(9000)).toEqual([]);
  });

  it('are not waited for when a peer is slow with what is due, whenever they were given', () => {
    const orders = new LiveOrders();
    const early = { giver: 7, taker: 1, chunk: 9 };
    const due = { giver: 8, taker: 1, chunk: 5 };
    const ofServer = { giver: SERVER, taker: 1, chunk: 6 };
    for (const transfer of [early, due, ofServer]) orders.given(transfer, 0);
    expect(orders.takeSlow(300, ({ chunk }) => chunk < 8)).toEqual([]);
    expect(orders.takeSlow(400, ({ chunk }) => chunk < 8)).toEqual([due]);
    expect(orders.takeForgotten(4000)).toEqual([early, ofServer]);
  });
});
