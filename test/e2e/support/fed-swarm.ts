import { SwarmCounters } from '../../../src/swarm/coordinator/swarm-counters.ts';
import { FileTally } from '../../../src/swarm/view/file-tally.ts';
import type {
  FlowSight,
  PeerReach,
  PeerSight,
  PeerTrust,
  SwarmSight,
  SwarmSource,
} from '../../../src/swarm/view/sight.ts';
import { seededRandom } from '../../support/seeded-random.ts';

interface FedPeer {
  readonly address: string;
  readonly trust: PeerTrust;
  readonly reach: PeerReach;
  progress: number;
  bytesGiven: number;
  bytesTaken: number;
}

const FILE_BYTES = 40_000_000;

/** A swarm of so many peers in which each look finds something new. */
export class FedSwarm implements SwarmSource {
  readonly #random = seededRandom(11);
  readonly #peers: FedPeer[];
  readonly #counters = new SwarmCounters();
  readonly #tally = new FileTally();
  looks = 0;

  constructor(count: number) {
    this.#peers = Array.from({ length: count }, (_, index) => ({
      address: `198.51.${index >> 8}.${index & 255}`,
      trust: index % 97 === 5 ? 'convicted' : index % 41 === 3 ? 'suspected' : index % 5 === 0 ? 'new' : 'trusted',
      reach: index % 3 === 0 ? 'firewalled' : index % 10 === 1 ? 'unknown' : 'reachable',
      progress: this.#random() ** 1.5,
      bytesGiven: 0,
      bytesTaken: 0,
    }));
  }

  look(): SwarmSight {
    this.looks++;
    for (const peer of this.#peers) {
      if (this.#random() > 0.5) continue;
      peer.progress = peer.progress >= 1 ? 0 : Math.min(1, peer.progress + this.#random() * 0.03);
      const isFromServer = this.#random() < 0.04;
      this.#tally.confirmed(peer, 65_536, isFromServer);
      this.#counters.good++;
      if (isFromServer) this.#counters.bytesFromServer += 65_536;
      else this.#counters.bytesFromPeers += 65_536;
      peer.bytesTaken += 65_536;
      peer.bytesGiven += 65_536;
    }
    return {
      dialect: 'pdtps',
      counters: this.#counters,
      uplinks: { server: 2_000_000, peers: 500_000 * this.#peers.length },
      peers: () => this.#peers.map((peer): PeerSight => ({ ...peer, key: peer })),
      files: () => [
        {
          path: '/all.bin',
          size: FILE_BYTES,
          chunks: 611,
          isLive: false,
          givers: 1,
          takers: this.#peers.length,
          progress: 0.5,
          tally: this.#tally,
        },
      ],
      flows: () => this.#flows(),
    };
  }

  #flows(): FlowSight[] {
    const any = () => this.#peers[Math.floor(this.#random() * this.#peers.length)]!;
    return this.#peers.flatMap((taker, index) => [
      { giver: index % 100 === 0 ? undefined : any(), taker },
      { giver: any(), taker },
    ]);
  }
}
