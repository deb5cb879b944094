import { withEncode } from '../modules/encode-options.ts';
import type { OutputModule } from '../modules/output.ts';
import distreamerPersRevClient from './distreamer-pers-rev-client/index.ts';
import distreamerPersServer from './distreamer-pers-server/index.ts';
import distreamerRevClient from './distreamer-rev-client/index.ts';
import distreamerServer from './distreamer-server/index.ts';
import distreamerShoutcastServer from './distreamer-shoutcast-server/index.ts';
import icecast from './icecast/index.ts';
import link from './link/index.ts';
import pdtp from './pdtp/index.ts';
import recorder from './recorder/index.ts';
import rtp from './rtp/index.ts';

/** The built-in outputs that take encoded audio; a new one is one line here. */
const BUILT_IN: readonly OutputModule[] = [
  icecast,
  recorder,
  link,
  distreamerPersServer,
  distreamerPersRevClient,
  distreamerServer,
  distreamerRevClient,
  distreamerShoutcastServer,
  pdtp,
];

/** The built-in outputs by their `type`. */
export const outputs: ReadonlyMap<string, OutputModule> = new Map(
  [...BUILT_IN.map(withEncode), rtp].map((module) => [module.type, module]),
);
