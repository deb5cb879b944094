import type { InputModule } from '../modules/input.ts';
import distreamerSourceServer from './distreamer-source-server/index.ts';
import file from './file/index.ts';
import source from './source/index.ts';

/** The built-in inputs; a new one is one line here. */
const BUILT_IN: readonly InputModule[] = [source, file, distreamerSourceServer];

/** The built-in inputs by their `type`. */
export const inputs: ReadonlyMap<string, InputModule> = new Map(BUILT_IN.map((module) => [module.type, module]));
