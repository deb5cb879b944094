/**
 * What a route is: a path, who may ask, and a function from an exchange to an answer.
 * @module
 */
import type { Credentials } from '../../protocols/http/basic-auth.ts';
import type { NodeView } from '../node-view.ts';
import type { FormFields } from './form-fields.ts';

/**
 * Who may ask:
 * - `public` everyone; credentials are not looked at
 * - `viewer` everyone, but who gives credentials must give the administrator's, and sees more
 * - `local` this machine and private networks; everyone else as administrator
 * - `source` the handler checks the credentials of a mount
 * - `admin` the administrator
 */
export type Role = 'public' | 'viewer' | 'local' | 'source' | 'admin';

/** The methods that routes answer. */
export type Method = 'GET' | 'HEAD' | 'POST';

/** Methods of a route that only reads. */
export const READ: readonly Method[] = ['GET', 'HEAD'];

/** One request, read and admitted. */
export interface Exchange {
  readonly view: NodeView;
  /** Decoded, without the query; begins with `/`. */
  readonly path: string;
  /** The query and, for POST, the form after it. */
  readonly fields: FormFields;
  /** `http://host:port` under which the client reached the node. */
  readonly baseUrl: string;
  /** The port of this node that the client reached. */
  readonly localPort: number;
  readonly clientAddress: string;
  readonly credentials: Credentials | undefined;
  /** The credentials are the administrator's. */
  readonly isAdmin: boolean;
  /** Counts a wrong password of this client. */
  countFailure(): void;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An entry of the route table. */
export interface Route {
  /** An exact path; `/*.ext` for every path that ends so; or one whose one part `*` stands for any name. */
  readonly path: string;
  readonly methods: readonly Method[];
  readonly role: Role;
  /** Every web page may read the answer (`Access-Control-Allow-Origin: *`); public answers only. */
  readonly cors?: boolean;
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
