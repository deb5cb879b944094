import type { InputModule } from '../modules/input.ts';
import distreamerClient from './distreamer-client/index.ts';
import distreamerPersClient from './distreamer-pers-client/index.ts';
import distreamerPersRevServer from './distreamer-pers-rev-server/index.ts';
import distreamerRevServer from './distreamer-rev-server/index.ts';
import distreamerSourceServer from './distreamer-source-server/index.ts';
import file from './file/index.ts';
import icecast from './icecast/index.ts';
import link from './link/index.ts';
import pipe from './pipe/index.ts';
import rtp from './rtp/index.ts';
import source from './source/index.ts';
import wav from './wav/index.ts';

/** The built-in inputs; a new one is one line here. */
const BUILT_IN: readonly InputModule[] = [
  source,
  icecast,
  file,
  pipe,
  wav,
  rtp,
  link,
  distreamerPersClient,
  distreamerPersRevServer,
  distreamerClient,
  distreamerRevServer,
  distreamerSourceServer,
];

/** The built-in inputs by their `type`. */
export const inputs: ReadonlyMap<string, InputModule> = new Map(BUILT_IN.map((module) => [module.type, module]));
