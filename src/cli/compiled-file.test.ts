import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCompiled, scriptOf } from './compiled-file.ts';

const SOURCE = `
const { basename } = require('node:path');
exports.name = () => basename(__filename);
`;

interface Exports {
  name(): string;
}

describe('loadCompiled', () => {
  let dir: string;
  let file: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'distream-compiled-'));
    file = join(dir, 'part.cjs');
    writeFileSync(file, SOURCE);
  });

  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  // Under another name: V8 remembers itself what it compiled a moment ago.
  function compile(): Buffer {
    const other = join(dir, 'same.cjs');
    writeFileSync(other, SOURCE);
    return scriptOf(other).createCachedData();
  }

  it('runs a file from what was compiled of it', () => {
    const cache = compile();
    writeFileSync(`${file}.cache`, cache);
    expect(scriptOf(file, cache).cachedDataRejected).toBe(false);
    expect((loadCompiled(pathToFileURL(file)) as Exports).name()).toBe('part.cjs');
  });

  it('compiles when what is kept is of another version of V8, or cut short', () => {
    const cache = compile();
    // The second word is the version.
    cache[4] = cache[4]! ^ 0xff;
    expect(scriptOf(file, cache).cachedDataRejected).toBe(true);
    for (const bad of [cache, compile().subarray(0, 100), Buffer.alloc(0)]) {
      writeFileSync(`${file}.cache`, bad);
      expect((loadCompiled(pathToFileURL(file)) as Exports).name()).toBe('part.cjs');
    }
  });

  it('answers nothing where the build made no such file', () => {
    expect(loadCompiled(pathToFileURL(join(dir, 'none.cjs')))).toBeUndefined();
  });
});
