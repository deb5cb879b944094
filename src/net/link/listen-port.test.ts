import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { linkOptions } from '../../../test/support/link-node.ts';
import { MemoryNetwork } from '../../../test/support/memory-carriers.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { silentLogger } from '../../core/logger.ts';
import { LinkInitiator } from '../../protocols/link/handshake.ts';
import { generateSharedKey, parseKey } from '../../protocols/link/keys.ts';
import { messageKindOf } from '../../protocols/link/message-kind.ts';
import { Admission } from './admission.ts';
import { linkKeysOf } from './credentials.ts';
import type { LinkRuntime } from './link-runtime.ts';
import { ListenPort } from './listen-port.ts';
import { ListeningLink } from './listening-link.ts';
import { NameCache } from './name-cache.ts';
import { PeerSessions } from './peer-sessions.ts';
import { Refusals } from './refusals.ts';

const ADDRESS = '10.0.0.2';
const TO = { address: ADDRESS, port: 4090 };
const sharedKeyText = generateSharedKey();
const NO_PAYLOAD = Buffer.alloc(0);

function initiator(connectionId: number): LinkInitiator {
  const parsed = parseKey(sharedKeyText, 'shared');
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  return new LinkInitiator({ kind: 'shared-key', sharedKey: parsed.raw }, connectionId, NO_PAYLOAD);
}

async function listening() {
  const clock = new FakeClock();
  const network = new MemoryNetwork(clock);
  const refusals = new Refusals(clock, silentLogger);
  const runtime: LinkRuntime = {
    clock,
    log: silentLogger,
    random: seededRandom(1),
    certificate: undefined,
    carriers: network.carriers(ADDRESS),
    dialer: () => Promise.reject(new Error('no dialer')),
    names: new NameCache(clock, () => Promise.reject(new Error('no names'))),
    refusals,
  };
  const sessions = new PeerSessions(runtime);
  const address = { host: ADDRESS, port: 4090 };
  const port = await ListenPort.open(address, { runtime, admission: new Admission(), sessions });
  const options = linkOptions({ listen: address, sharedKey: sharedKeyText });
  const keys = linkKeysOf(options, undefined);
  port.peers.add(new ListeningLink(runtime, options, keys, async () => {}), keys);
  const answers: { bytes: Buffer; to: string; port: number }[] = [];
  network.line.onDatagram = (datagram, _from, to) => {
    answers.push({ bytes: datagram, to: to.address, port: to.port });
    return undefined;
  };
  return { clock, network, refusals, port, answers };
}

describe('a port that is flooded', () => {
  it('keeps nothing for 10,000 hellos whose addresses are spoofed, and answers with less', async () => {
    const { network, port, answers, refusals, clock } = await listening();
    const { hello } = initiator(1);
    for (let count = 0; count < 10_000; count++) {
      network.arrive(hello, { address: `10.${count >> 8}.${count & 255}.1`, port: 1 + count }, TO);
    }
    expect(port.pathCount).toBe(0);
    expect(answers).toHaveLength(5000);
    expect(answers.every(({ bytes }) => bytes.length === 21 && bytes.length < hello.length)).toBe(true);
    expect(refusals.totals).toEqual({ unproven_limit: 5000 });
    port.close();
    expect(clock.pendingCount).toBe(0);
  });

  it('reads so many handshakes of a network that proved its address, and drops them without a record', async () => {
    const { network, port, answers, refusals, clock } = await listening();
    const flood = async (address: string, count: number) => {
      for (let index = 0; index < count; index++) {
        const source = { address, port: 1 + index };
        const each = initiator(index);
        network.arrive(each.hello, source, TO);
        each.retry(answers.at(-1)!.bytes);
        network.arrive(each.hello, source, TO);
      }
    };
    await flood('10.1.1.1', 400);
    expect(port.pathCount).toBe(300);
    expect(refusals.totals.handshake_limit).toBe(400 - 300);
    await flood('10.1.1.2', 10);
    expect(port.pathCount).toBe(300);
    await flood('10.1.2.1', 10);
    expect(port.pathCount).toBe(310);
    await clock.run(1000);
    await flood('10.1.1.1', 100);
    expect(port.pathCount).toBe(310 + 64);
    const responses = answers.filter(({ bytes }) => messageKindOf(bytes) === 'response');
    expect(responses.every(({ bytes }) => bytes.length <= 256)).toBe(true);
    await clock.run(10_000);
    expect(port.pathCount).toBe(0);
    expect(refusals.totals.half_open_expired).toBe(374);
    expect(clock.pendingCount).toBe(0);
  });
});
