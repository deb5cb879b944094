import { z } from 'zod';
import { openApiDocument } from '../openapi.ts';
import { operation } from '../operation.ts';
import { type Answer, json, type Route } from '../route.ts';

/** `/api/v1/openapi.json`: the API as its own router knows it. */
export function openApiRoute(routes: () => readonly Route[]): Route {
  let made: Answer | undefined;
  return operation({
    path: '/api/v1/openapi.json',
    method: 'GET',
    role: 'public',
    tag: 'documentation',
    summary: 'This API as OpenAPI 3.1',
    answers: { 200: { description: 'The document', schema: z.looseObject({ openapi: z.string() }) } },
    handle: () => {
      made ??= json(openApiDocument(routes()));
      return made;
    },
  });
}
