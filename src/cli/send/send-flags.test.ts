import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import { plainFmt, wavChunk, wavFile } from '../../../test/support/wav.ts';
import { runDistream } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-send-cli-'));

function put(name: string, fmt: Parameters<typeof plainFmt>[0], bytes = 9600): string {
  writeFileSync(join(folder, name), wavFile([wavChunk('fmt ', plainFmt(fmt)), wavChunk('data', Buffer.alloc(bytes))]));
  return join(folder, name);
}

async function send(...args: string[]): Promise<[number, string]> {
  const io = new FakeIo();
  const code = await runDistream(['send', '--no-account', '--no-sap', ...args], io);
  return [code, io.stdout + io.stderr];
}

const mono24 = put('mono24.wav', { channels: 1, bits: 24 });
const stereo44 = put('stereo44.wav', { channels: 2, rate: 44_100 });
const float = put('float.wav', { channels: 1, bits: 32, tag: 3 });
const wide = put('wide.wav', { channels: 8, bits: 24 });
const cut = join(folder, 'cut.wav');
writeFileSync(cut, wavFile([wavChunk('fmt ', plainFmt())]).subarray(0, 30));

describe('distream send refuses in one message', () => {
  it.each([
    ['a file that is not there', 1, [join(folder, 'none.wav')], /none\.wav: no such file/],
    ['a file that is cut off', 1, [cut], /cut\.wav/],
    ['files of different rates', 2, ['--plan', mono24, stereo44], /different sample rates.*--mixed/s],
    ['float', 2, ['--plan', float], /float.*--float/s],
    ['packets that would be cut up', 2, ['--plan', '--to', '127.0.0.1', '--ptime', '4ms', wide], /more than the 1440/],
    ['a plan that the profile refuses', 2, ['--plan', '--profile', 'dante', '--to', '127.0.0.1', mono24], /239\.69/],
    ['a packet time that cannot be', 2, ['--plan', '--ptime', '20ms', mono24], /20000 us.*125us to 10ms/s],
    ['a PTP clock without its identity', 2, ['--ptp', 'grandmaster', mono24], /identity and domain/],
    ['two clocks', 2, ['--ptp', '00-1D-C1-FF-FE-12-34-56:0', '--ntp', 'time', mono24], /cannot be used with/],
    ['an odd port', 2, ['--port', '5005', mono24], /even port/],
    ['three networks', 2, ['--to', '127.0.0.1', '--to', '127.0.0.2', '--to', '127.0.0.3', mono24], /two at most/],
    ['one network twice', 2, ['--to', '127.0.0.1', '--to', '127.0.0.1', mono24], /both networks are the same/],
    ['an unknown redundancy', 2, ['--redundancy', 'much', mono24], /none, duplicate, xor, auto/],
    ['a start that has passed', 2, ['--to', '127.0.0.1', '--start', '2020-01-01', mono24], /start time has passed/],
    ['a host with its port', 2, ['--to', '127.0.0.1:5004', mono24], /given with --port/],
    ['a name without address', 5, ['--to', 'nowhere.invalid', mono24], /nowhere\.invalid/],
    ['an address that is not ours', 4, ['--to', '127.0.0.1', '--interface', '192.0.2.7', mono24], /192\.0\.2\.7/],
    ['rates that cannot be looped together', 2, ['--to', '127.0.0.1', '--mixed', '--loop', mono24, stereo44], /looped/],
    ['a profile that takes no such flow', 2, ['--to', '127.0.0.1', '--profile', 'dante', mono24], /Dante/],
  ])('%s', async (_, code, args, message) => {
    const [exit, text] = await send(...args);
    expect([exit, text.match(/error:/g)?.length]).toEqual([code, 1]);
    expect(text).toMatch(message);
  });
});

describe('distream send --plan', () => {
  it('prints what would be sent, with redundancy and the second network, and what is silent', async () => {
    const short = put('short.wav', { channels: 1, bits: 24 }, 300);
    const networks = ['--to', '239.69.1.1', '--to', '239.70.1.1'];
    const [exit, text] = await send('--plan', ...networks, '--redundancy', 'duplicate', mono24, short);
    expect(exit).toBe(0);
    expect(text).toMatch(/2 +L24\/48000\/1 +48 frames, 1 ms +144 B +2000 +3\.55/);
    expect(text).toMatch(/every packet again 50 ms later +2000 +3\.55/);
    expect(text).toMatch(/the same on the second network +4000 +7\.1/);
    expect(text).toMatch(/followed by silence: short/);
    expect(text).toMatch(/in all +1052 ms/);
  });

  it('is JSON for machines', async () => {
    const [exit, text] = await send('--plan', '--json', '--float', '--mixed', float, stereo44);
    expect(exit).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ type: 'plan', plan: { refusals: [], total: { channels: 3 } } });
  });
});
