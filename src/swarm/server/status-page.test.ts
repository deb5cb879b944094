import { describe, expect, it } from 'vitest';
import { SwarmRig } from '../../../test/support/swarm-rig.ts';
import { pdtpSight } from '../coordinator/coordinator-view.ts';
import { SwarmViewer } from '../view/swarm-viewer.ts';
import { statusPage } from './status-page.ts';

describe('the page about a swarm', () => {
  it('shows files and counts, no address and no id, and nothing of it is markup', () => {
    const rig = new SwarmRig();
    rig.publish('/<script>alert("1")</script>&.mp3', Buffer.alloc(12_000), 5000);
    const peer = rig.connect({ address: '203.0.113.9' });
    peer.say(
      ['client_info', { client_id: '<b>peer</b>', listen_port: 8100 }],
      ['request', { url: 'http://h/<script>alert("1")</script>&.mp3' }],
    );
    const sources = () => [{ look: () => pdtpSight(rig.coordinator) }];
    const page = statusPage(new SwarmViewer({ clock: rig.clock, name: () => 'radio"><i>', sources }).view(true));
    expect(page).toContain('&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;.mp3');
    expect(page).toContain('<td class="n">12.0 kB</td><td class="n">3</td><td class="n">0</td><td class="n">1</td>');
    expect(page).not.toMatch(/<script|<i>|<b>|203\.0\.113|peer<\/b>/);
  });
});
