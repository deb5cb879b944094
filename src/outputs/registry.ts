import type { OutputModule } from '../modules/output.ts';
import distreamerPersServer from './distreamer-pers-server/index.ts';
import distreamerShoutcastServer from './distreamer-shoutcast-server/index.ts';
import icecast from './icecast/index.ts';
import recorder from './recorder/index.ts';

/** The built-in outputs; a new one is one line here. */
const BUILT_IN: readonly OutputModule[] = [icecast, recorder, distreamerPersServer, distreamerShoutcastServer];

/** The built-in outputs by their `type`. */
export const outputs: ReadonlyMap<string, OutputModule> = new Map(BUILT_IN.map((module) => [module.type, module]));
