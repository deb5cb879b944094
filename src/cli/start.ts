import { loadCompiled } from './compiled-file.ts';

/** Runs `distream` with these arguments: `get` from its one file where the build made it, all else from the modules. */
export async function startDistream(args: readonly string[]): Promise<number> {
  if (args[0] === 'get') {
    const compiled = loadCompiled(new URL('../get/get.cjs', import.meta.url));
    if (compiled) return (compiled as typeof import('./get-program.ts')).runGetProgram(args);
  }
  const { runDistream } = await import('./main.ts');
  return runDistream(args);
}
