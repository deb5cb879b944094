import { afterEach, describe, expect, it } from 'vitest';
import { exchange, RawClient } from '../../test/support/raw-client.ts';
import { openTestNetwork, TestMount, type TestNetwork } from '../../test/support/test-network.ts';

let open: TestNetwork | undefined;

afterEach(() => open?.network.close());

/** Another program may have the port above the free one that was found; then another pair is tried. */
async function start() {
  for (let attempt = 0; ; attempt++) {
    open = await openTestNetwork();
    const mount = new TestMount('/studio');
    const front = await open.network.front();
    const giveBack = await front.claimShoutcast(mount).catch((error) => {
      if (attempt > 10) throw error;
    });
    if (giveBack) return { ...open, mount, front, giveBack, sourcePort: open.port + 1 };
    open.network.close();
  }
}

describe('the port for SHOUTcast sources', () => {
  it('hands over who knows a password, and what follows it', async () => {
    const { sourcePort, mount, front } = await start();
    const other = new TestMount('/other');
    other.matches = (line) => line === 'another';
    await front.claimShoutcast(other);
    expect(await exchange(sourcePort, 'secret\r\nicy-name:x')).toBe('OK2\r\n');
    expect(await exchange(sourcePort, 'another\r\r\n')).toBe('OK2\r\n');
    expect(mount.logins).toEqual([{ rest: 'icy-name:x', clientAddress: '127.0.0.1' }]);
    expect(other.logins).toHaveLength(1);
  });

  it('refuses a wrong password, and after ten of them the right one', async () => {
    const { sourcePort, mount, network } = await start();
    for (let n = 0; n < 10; n++) expect(await exchange(sourcePort, 'wrong\n')).toBe('invalid password\r\n');
    expect(await exchange(sourcePort, 'secret\n')).toBe('invalid password\r\n');
    expect(mount.logins).toEqual([]);
    expect(network.counters().refusedTotal).toEqual({ 'wrong-password': 10, 'too-many-failures': 1 });
  });

  it('tells a player that this is not its port', async () => {
    const { sourcePort, port } = await start();
    const answer = await exchange(sourcePort, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.0 400 /);
    expect(answer).toContain(`port ${port}`);
  });

  it('closes what is too long, binary or slow', async () => {
    const { sourcePort, clock, network } = await start();
    expect(await exchange(sourcePort, 'x'.repeat(5000))).toBe('invalid password\r\n');
    expect(await exchange(sourcePort, '\0\n')).toBe('invalid password\r\n');
    const slow = await RawClient.open(sourcePort, 'sec');
    while (network.counters().connections < 1) await new Promise(setImmediate);
    clock.advance(10_000);
    expect(await slow.untilClosed()).toBe('');
  });

  it('closes with the last mount and opens again', async () => {
    const { sourcePort, front, giveBack, mount } = await start();
    giveBack();
    await expect(RawClient.open(sourcePort)).rejects.toThrow('ECONNREFUSED');
    await front.claimShoutcast(mount);
    expect(await exchange(sourcePort, 'secret\n')).toBe('OK2\r\n');
  });

  it('rejects when the port is taken and may be tried again', async () => {
    const { network, port, front, mount, giveBack } = await start();
    giveBack();
    const { close } = await network.listen({ host: '127.0.0.1', port: port + 1 }, (socket) => socket.destroy());
    await expect(front.claimShoutcast(mount)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    close();
    await front.claimShoutcast(mount);
    expect(await exchange(port + 1, 'secret\n')).toBe('OK2\r\n');
  });
});
