import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const DIST = new URL('../../dist/', import.meta.url);

it('starts `distream get` from what the build compiled, with the Node.js that built it', () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { scriptOf } from '${new URL('cli/compiled-file.js', DIST).href}';
    const file = new URL('${new URL('get/get.cjs', DIST).href}').pathname;
    console.log(scriptOf(file, readFileSync(file + '.cache')).cachedDataRejected);
  `;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim()).toBe(
    'false',
  );
});
