// Makes one file of `distream get`, dist/get/get.cjs, and keeps beside it what V8 compiled of it. So a listener's
// program starts with half the work; many start on one machine where swarms are tried.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { build } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  configFile: false,
  root: here('..'),
  publicDir: false,
  logLevel: 'warn',
  build: {
    ssr: here('../dist/cli/get-program.js'),
    outDir: here('../dist/get'),
    target: 'node20',
    minify: false,
    rolldownOptions: {
      // Node.js 20 cannot import in what V8 kept.
      output: { format: 'cjs', entryFileNames: 'get.cjs', codeSplitting: false, dynamicImportInCjs: false },
    },
  },
  ssr: { noExternal: true },
});

const { scriptOf } = await import('../dist/cli/compiled-file.js');
const file = here('../dist/get/get.cjs');
// All functions now, not each when it is first called.
setFlagsFromString('--no-lazy');
const script = scriptOf(file);
setFlagsFromString('--lazy');
writeFileSync(`${file}.cache`, script.createCachedData());
