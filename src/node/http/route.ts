/**
 * What a route is: a path, who may ask, and a function from an exchange to an answer.
 * @module
 */
import type { ServerResponse } from 'node:http';
import type { Credentials } from '../../protocols/http/basic-auth.ts';
import type { Identity } from '../access/access.ts';
import type { NodeView } from '../node-view.ts';
import type { FormFields } from './form-fields.ts';
import type { Operation } from './operation.ts';

/**
 * Who may ask:
 * - `public` everyone; credentials are not looked at
 * - `guest` everyone, but who gives credentials must give the administrator's, and sees more
 * - `viewer` as `guest` while the public view is on; else the administrator
 * - `local` this machine and private networks; everyone else as administrator
 * - `machine` this machine; everyone else as administrator
 * - `source` the handler checks the credentials of a mount
 * - `admin` the administrator
 */
export type Role = 'public' | 'guest' | 'viewer' | 'local' | 'machine' | 'source' | 'admin';

/** The methods that routes answer. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE';

/** Methods of a route that only reads. */
export const READ: readonly Method[] = ['GET', 'HEAD'];

/** One request, read and admitted. */
export interface Exchange {
  readonly view: NodeView;
  /** Decoded, without the query; begins with `/`. */
  readonly path: string;
  /** What stands in the path for each `*` of the route, in order. */
  readonly params: readonly string[];
  /** The query and, for POST, the form after it. */
  readonly fields: FormFields;
  /** What the body of an operation holds, as its schema gives it; undefined where none is asked for. */
  readonly body: unknown;
  /** `http://host:port` under which the client reached the node. */
  readonly baseUrl: string;
  /** The port of this node that the client reached. */
  readonly localPort: number;
  readonly clientAddress: string;
  readonly credentials: Credentials | undefined;
  /** The administrator who asks; undefined for everyone else. */
  readonly identity: Identity | undefined;
  /** An administrator asks. */
  readonly isAdmin: boolean;
  /** It comes from this machine itself, by no proxy, and no page of another site made a browser send it. */
  readonly isThisMachine: boolean;
  /** Only the head of the answer is asked for. */
  readonly isHead: boolean;
  /** The client speaks TLS, to this node or to a trusted proxy. */
  readonly isSecure: boolean;
  /** Under which path a reverse proxy shows this node: empty, or `/radio`. */
  readonly pathPrefix: string;
  /** A header of the request, by its lower-case name. */
  header(name: string): string | undefined;
  /** Counts a wrong password of this client. */
  countFailure(): void;
  /** This client gave too many wrong passwords. */
  isBlocked(): boolean;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes on with the answer after its head was sent, without a length; `body` is not sent then. Who writes also ends it. */
  readonly stream?: (response: ServerResponse) => void;
}

/** An entry of the route table. */
export interface Route {
  /** An exact path; `/*.ext` for every path that ends so; or one whose parts `*` stand for any name. */
  readonly path: string;
  readonly methods: readonly Method[];
  readonly role: Role;
  /** Every web page may read the answer (`Access-Control-Allow-Origin: *`); public answers only. */
  readonly cors?: boolean;
  /** Says what strangers learn from it; they do not when the public view is off. */
  readonly isStatistics?: boolean;
  /** An operation of the API: JSON both ways, errors as problems (RFC 9457), described in `/api/v1/openapi.json`. */
  readonly operation?: Operation;
  /** The answer; undefined when there is nothing at that path. */
  handle(exchange: Exchange): Answer | undefined | Promise<Answer | undefined>;
}

const answer =
  (contentType: string) =>
  (body: string | Buffer, status = 200) => ({ status, contentType, body });

/** An answer of a value as JSON. */
export function json(value: unknown): Answer {
  return { status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

/** An error of the API (RFC 9457). */
export function problem(
  status: number,
  title: string,
  detail?: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const more = detail === undefined ? {} : { detail };
  const body = JSON.stringify({ type: 'about:blank', title, status, ...more, message: detail ?? title });
  return { status, contentType: 'application/problem+json; charset=utf-8', body, headers };
}

/** The answer to what was done and has nothing to say. */
export function noContent(headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 204, contentType: 'text/plain; charset=utf-8', body: '', headers };
}

/** Sends the client elsewhere on this node. */
export function redirect(path: string): Answer {
  return { ...text(`See ${path}\r\n`, 302), headers: { Location: path } };
}

/** An answer of HTML. */
export const page = answer('text/html; charset=utf-8');
/** An answer of XML, with the type that Icecast gives. */
export const xml = answer('text/xml; charset=utf-8');
/** An answer of plain text. */
export const text = answer('text/plain; charset=utf-8');

/** A 401 that makes no browser open its own dialogue. */
export function signInRequired(title = 'You need to sign in'): Answer {
  return problem(401, title, undefined, { 'WWW-Authenticate': 'Bearer realm="distream"' });
}

/** An error page in Icecast's form; scripts look for its words. */
export function errorPage(status: number, reason: string): Answer {
  return page(
    `<html><head><title>Error ${status}</title></head><body><b>${status} - ${reason}</b></body></html>\r\n`,
    status,
  );
}

/** The 401 of Icecast, which encoders know. */
export function authenticationRequired(): Answer {
  return {
    ...text('You need to authenticate\r\n', 401),
    headers: { 'WWW-Authenticate': 'Basic realm="distream", charset="UTF-8"' },
  };
}
