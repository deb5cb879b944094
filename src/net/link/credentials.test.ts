import { describe, expect, it } from 'vitest';
import { linkAddress, linkOptions } from '../../../test/support/link-node.ts';
import { generatePrivateKey, generateSharedKey, publicKeyOf } from '../../protocols/link/keys.ts';
import { linkKeysOf, sessionIdOf } from './credentials.ts';

const own = generatePrivateKey();
const to = [linkAddress('udp', 'relay.example'), linkAddress('tls', 'relay.example')];
const peer = (key: string) => ({ name: 'relay', publicKey: publicKeyOf(key) });

describe('the keys of a link', () => {
  it('name a session that is the same after a restart and differs for each peer, place and node', () => {
    const relay = peer(generatePrivateKey());
    const id = (key: string, peers = [relay], places = to) =>
      sessionIdOf(linkKeysOf(linkOptions({ peers }), key), places);
    expect(id(own)).toMatch(/^[0-9a-f]{32}$/);
    expect(id(own)).toBe(id(own, [{ ...relay, name: 'other' }], [...to].reverse()));
    const others = [id(generatePrivateKey()), id(own, [peer(generatePrivateKey())]), id(own, [relay], to.slice(1))];
    expect(new Set([id(own), ...others]).size).toBe(4);
  });

  it('name sessions of nodes that share a key apart, by their own keys when they have some', () => {
    const options = linkOptions({ sharedKey: generateSharedKey() });
    const id = (key: string | undefined) => sessionIdOf(linkKeysOf(options, key), to);
    expect(id(own)).toBe(id(own));
    expect(new Set([id(own), id(generatePrivateKey()), id(undefined)]).size).toBe(3);
  });

  it('of the link itself come before those of the node', () => {
    const keys = linkKeysOf(linkOptions({ peers: [peer(own)], privateKey: own }), generatePrivateKey());
    expect(keys.ownId).toBe(linkKeysOf(linkOptions({ peers: [] }), own).ownId);
  });

  it('are refused in words that hold no secret', () => {
    const slip = `${own.slice(0, -2)}xx`;
    for (const options of [{ privateKey: slip }, { sharedKey: slip }, { peers: [{ name: 'a', publicKey: slip }] }]) {
      expect(() => linkKeysOf(linkOptions(options), own)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
      expect(() => linkKeysOf(linkOptions(options), own)).not.toThrow(slip.slice(10, 30));
    }
    expect(() => linkKeysOf(linkOptions({}), undefined)).toThrow('no private key');
  });
});
