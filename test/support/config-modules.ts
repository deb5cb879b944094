/**
 * Modules for tests of the configuration, which do nothing but have options of every kind.
 * @module
 */
import { z } from 'zod';
import type { Registries } from '../../src/config/module-use.ts';
import { defineInput } from '../../src/modules/input.ts';
import { defineOutput } from '../../src/modules/output.ts';
import { durationMs, generatedSecret, listenAddress, mountPath, secret } from '../../src/modules/values.ts';

const studio = defineInput({
  type: 'studio',
  summary: 'An encoder sends here.',
  schema: z.strictObject({
    mount: mountPath().describe('Where it sends.'),
    user: z.string().default('source').describe('Its name.'),
    password: generatedSecret().describe('Its password.'),
    retries: z.int().min(0).max(9).default(3).describe('How often.'),
    loop: z.boolean().default(true).describe('Again.'),
  }),
  run: async () => {},
});

const pull = defineInput({
  type: 'pull',
  summary: 'Comes over a line.',
  overLine: true,
  schema: z.strictObject({
    url: z.string().describe('From where.'),
    password: secret().default('').describe('For the other side.'),
    timeout: durationMs({ min: '1s' }).prefault('5s').describe('Silence.'),
  }),
  run: async () => {},
});

const pipe = defineInput({
  type: 'pipe',
  summary: 'Comes from a program.',
  schema: z.strictObject({ path: z.string().optional().describe('Standard input when left out.') }),
  run: async () => {},
});

const players = defineOutput({
  type: 'players',
  summary: 'Players listen here.',
  schema: z.strictObject({ mount: mountPath().describe('Where they listen.') }),
  run: async () => {},
});

const recorder = defineOutput({
  type: 'recorder',
  summary: 'Records.',
  schema: z.strictObject({ path: z.string().describe('The file.') }),
  run: async () => {},
});

const door = defineOutput({
  type: 'door',
  summary: 'Listens by itself.',
  schema: z.strictObject({
    listen: listenAddress().describe('Where.'),
    password: generatedSecret().describe('Its password.'),
  }),
  run: async () => {},
});

/** The registries with these modules only. */
export const testRegistries: Registries = {
  input: new Map([studio, pull, pipe].map((module) => [module.type, module])),
  output: new Map([players, recorder, door].map((module) => [module.type, module])),
};
