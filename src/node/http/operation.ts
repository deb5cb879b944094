/**
 * An operation of the API: what it takes and answers, as schemas. The router checks requests with them, and
 * `/api/v1/openapi.json` and `docs/api.md` are made from them.
 * @module
 */
import type { z } from 'zod';
import type { Exchange, Method, Role, Route } from './route.ts';

/** One of the answers of an operation. */
export interface OperationAnswer {
  readonly description: string;
  /** Of the JSON; undefined when there is no body, or `contentType` says what it is. */
  readonly schema?: z.ZodType;
  /** Default: `application/json` when there is a schema. */
  readonly contentType?: string;
}

/** What documentation and router know of an operation. */
export interface Operation {
  /** Groups operations in the documentation. */
  readonly tag:
    | 'access'
    | 'status'
    | 'events'
    | 'streams'
    | 'tracks'
    | 'swarm'
    | 'steering'
    | 'configuration'
    | 'demo'
    | 'documentation';
  /** One sentence without a full stop. */
  readonly summary: string;
  readonly description?: string;
  /** A name and a description for each `*` of the path, in order. */
  readonly params: readonly (readonly [name: string, description: string])[];
  /** Fields of the query, each with a description. */
  readonly query: readonly (readonly [name: string, description: string])[];
  /** Of the JSON that must be sent; undefined when no body is read. */
  readonly request?: z.ZodType | undefined;
  /** From before the API had problems: errors are plain text, and a 401 asks for Basic authentication. */
  readonly isPlain?: boolean;
  /** Answers by status, errors that all operations have apart. */
  readonly answers: Readonly<Record<number, OperationAnswer>>;
}

/** A route of the API. */
export interface OperationSpec<Request extends z.ZodType> extends Partial<Omit<Operation, 'request'>> {
  readonly path: string;
  readonly method: Method;
  readonly role: Role;
  readonly tag: Operation['tag'];
  readonly summary: string;
  readonly answers: Operation['answers'];
  readonly request?: Request;
  handle(exchange: Exchange, body: z.output<Request>): ReturnType<Route['handle']>;
}

/** Makes a route of an operation. A body reaches `handle` only as `request` gives it. */
export function operation<Request extends z.ZodType = z.ZodUndefined>(spec: OperationSpec<Request>): Route {
  const { path, method, role, handle, params = [], query = [], ...rest } = spec;
  const { tag, summary, description, isPlain, request, answers } = rest;
  const texts = { tag, summary, ...(description !== undefined && { description }), ...(isPlain && { isPlain }) };
  return {
    path,
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    role,
    operation: { ...texts, params, query, request, answers },
    handle: (exchange) => handle(exchange, exchange.body as z.output<Request>),
  };
}
