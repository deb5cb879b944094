import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { flowsOfFile } from '../../tracks/record/find-flows.ts';
import { RepairDescriptions } from './repair-descriptions.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-descriptions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'session.sdp');

function describeWith(...offer: readonly string[]): void {
  const head = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=stems', 'c=IN IP4 127.0.0.1', 't=0 0', ...offer];
  writeFileSync(file, [...head, 'm=audio 5004 RTP/AVP 98', 'a=rtpmap:98 L24/48000/1', ''].join('\r\n'));
}

it('finds by its file where a sender that was started again serves what was lost', async () => {
  describeWith();
  const flows = await flowsOfFile(file, () => {});
  const options = { flows, files: [file, join(folder, 'gone.sdp')], takesMore: false, localAddress: undefined };
  const descriptions = await RepairDescriptions.open({ ...options, clock: new FakeClock() });
  expect(descriptions.offers.of(flows[0]!)).toEqual([]);
  describeWith('a=x-distream-repair:40000 first shared');
  await descriptions.refresh();
  describeWith('a=x-distream-repair:40001 second shared');
  await descriptions.refresh();
  writeFileSync(file, 'being written');
  await descriptions.refresh();
  expect(descriptions.offers.of(flows[0]!)).toEqual([
    { port: 40_001, session: 'second' },
    { port: 40_000, session: 'first' },
  ]);
  descriptions.close();
});
