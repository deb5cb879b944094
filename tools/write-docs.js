// Writes the files that are made from the schemas: docs/configuration.md and schema/distream.schema.json.
// Needs the built program (npm run build). A test fails while they differ from the schemas.
import { mkdirSync, writeFileSync } from 'node:fs';
import { generatedFiles } from '../dist/config/reference/files.js';

const root = new URL('../', import.meta.url);
mkdirSync(new URL('schema/', root), { recursive: true });
for (const [path, text] of generatedFiles(root)) writeFileSync(new URL(path, root), text);
