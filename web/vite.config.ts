/**
 * Builds the browser application into `dist/web`: files with a hash in their names, relative to each other, so that
 * they work under any path; and a manifest, by which the node finds them.
 * @module
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    assetsDir: '.',
    manifest: 'manifest.json',
    target: 'es2022',
    modulePreload: { polyfill: false },
    // One sheet: a page that is loaded later never shows without its style.
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: { input: { app: here('main.tsx'), widget: here('widget.ts') } },
  },
});
