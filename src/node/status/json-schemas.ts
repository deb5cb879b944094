import { z } from 'zod';
import { ledgerDocumentSchema } from '../../protocols/link/ledger-document.ts';
import { nodeStatusSchema } from './schema.ts';

/** As JSON Schema (draft 2020-12); unknown keys are allowed, so that a client survives a newer node. */
function jsonSchemaOf(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    io: 'input',
    override({ jsonSchema }) {
      // What these two add says no more than the format and the type do.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}

/** Of `GET /api/v1/status`. */
export const statusJsonSchema = jsonSchemaOf(nodeStatusSchema);
/** Of `GET /api/v1/streams/NAME/ledger`, and of the file beside a recording. */
export const ledgerJsonSchema = jsonSchemaOf(ledgerDocumentSchema);
