import { z } from 'zod';
import { operation } from '../node/http/operation.ts';
import { noContent, type Route } from '../node/http/route.ts';
import type { UnstableLine } from './unstable-line.ts';

/** What the switch of the demo needs. */
export interface DemoLineRouteOptions {
  readonly line: Pick<UnstableLine, 'cut' | 'lose' | 'changeAddress' | 'mend'>;
  /** 0 to 1; decides what is lost. */
  readonly random: () => number;
  /** Takes a line for the person at the terminal. */
  readonly tell: (text: string) => void;
}

const seconds = z.number().min(1).max(300);
const order = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('cut'), seconds }),
  z.strictObject({ action: z.literal('loss'), percent: z.number().min(1).max(95), seconds }),
  z.strictObject({ action: z.literal('address') }),
  z.strictObject({ action: z.literal('auto') }),
]);

/** `POST /api/v1/demo/line`: breaks the line of the demo by hand. */
export function demoLineRoute({ line, random, tell }: DemoLineRouteOptions): Route {
  return operation({
    path: '/api/v1/demo/line',
    method: 'POST',
    role: 'machine',
    tag: 'demo',
    summary: 'Break the line of the demo by hand',
    description:
      '`cut`: nothing passes. `loss`: the line carries TCP, which hides loss behind waiting, so quarters of a second pass ' +
      'whole or not at all. `address`: every connection dies, as when the machine gets another address. `auto`: mend it; ' +
      'planned outages go on. On the machine of the demo it needs no sign-in.',
    request: order,
    answers: { 204: { description: 'Done' } },
    handle: (_exchange, wanted) => {
      if (wanted.action === 'cut') line.cut(wanted.seconds * 1000);
      else if (wanted.action === 'loss') {
        tell(`the line loses ${wanted.percent} % for ${wanted.seconds} s, by hand`);
        line.lose(wanted.percent, wanted.seconds * 1000, random);
      } else if (wanted.action === 'address') {
        tell(`the address changed by hand; ${line.changeAddress()} connections died`);
      } else line.mend();
      return noContent();
    },
  });
}
