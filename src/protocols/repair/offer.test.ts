import { describe, expect, it } from 'vitest';
import { generatePrivateKey, publicKeyOf } from '../link/keys.ts';
import { parseSdp } from '../sdp/parse.ts';
import { repairOfferIn, withRepairOffer } from './offer.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\nt=0 0\r\nm=audio 5004 RTP/AVP 98\r\n';
const key = publicKeyOf(generatePrivateKey())!;

describe('the offer of repair in a description', () => {
  it('is found again, with a key and without one', () => {
    const offer = { port: 40_000, session: 'a1b2@distream', key };
    const text = withRepairOffer(SDP, offer);
    expect(text).toContain(`t=0 0\r\na=x-distream-repair:40000 a1b2@distream ${key}\r\nm=audio`);
    expect(repairOfferIn(parseSdp(text))).toEqual(offer);
    const shared = { port: 40_000, session: 'a1b2@distream' };
    expect(repairOfferIn(parseSdp(withRepairOffer(SDP, shared)))).toEqual(shared);
    expect(repairOfferIn(parseSdp(SDP))).toBeUndefined();
  });

  it('is not believed when it cannot be one', () => {
    for (const value of [
      '',
      '0 a b',
      '70000 a shared',
      `40000 a/b ${key}`,
      `40000 a ${key.slice(1)}`,
      '40000 a none',
      '40000',
    ]) {
      const text = SDP.replace('t=0 0', `t=0 0\r\na=x-distream-repair:${value}`);
      expect(repairOfferIn(parseSdp(text))).toBeUndefined();
    }
  });
});
