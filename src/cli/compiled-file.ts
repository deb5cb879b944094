import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** A CommonJS file, which has no `import`, as a script, with what V8 keeps of its compilation. */
export function scriptOf(file: string, cachedData?: Buffer): Script {
  const source = readFileSync(file, 'utf8');
  return new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    ...(cachedData && { cachedData }),
  });
}

/**
 * The exports of a CommonJS file whose compilation `tools/bundle-get.js` keeps beside it as `FILE.cache`. Another
 * version of Node.js does not take that, and compiles. Undefined when there is no such file.
 */
export function loadCompiled(url: URL): unknown {
  const file = fileURLToPath(url);
  let script: Script;
  try {
    script = scriptOf(file, readFileSync(`${file}.cache`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(url), module, file, dirname(file));
  return module.exports;
}
