import type { InputModule } from '../modules/input.ts';
import distreamerPersClient from './distreamer-pers-client/index.ts';
import distreamerSourceServer from './distreamer-source-server/index.ts';
import file from './file/index.ts';
import icecast from './icecast/index.ts';
import pipe from './pipe/index.ts';
import source from './source/index.ts';

/** The built-in inputs; a new one is one line here. */
const BUILT_IN: readonly InputModule[] = [source, icecast, file, pipe, distreamerPersClient, distreamerSourceServer];

/** The built-in inputs by their `type`. */
export const inputs: ReadonlyMap<string, InputModule> = new Map(BUILT_IN.map((module) => [module.type, module]));
