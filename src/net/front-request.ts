import type { Socket } from 'node:net';
import type { StreamRequest } from '../modules/network.ts';
import type { RequestHead } from '../protocols/http/request-head.ts';
import type { Client } from './client-address.ts';

/** What a request of a front is made of. */
export interface FrontRequestParts {
  readonly head: RequestHead;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly socket: Socket;
  readonly rest: Buffer;
  readonly client: Client;
  readonly owner: { waitAgain(socket: Socket, rest: Buffer): void };
}

/** A request as a mount is given it. */
export class FrontRequest implements StreamRequest {
  readonly head: RequestHead;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly socket: Socket;
  readonly rest: Buffer;
  readonly clientAddress: string;
  readonly secure: boolean;
  readonly #owner: FrontRequestParts['owner'];

  constructor({ head, path, query, socket, rest, client, owner }: FrontRequestParts) {
    this.head = head;
    this.path = path;
    this.query = query;
    this.socket = socket;
    this.rest = rest;
    this.clientAddress = client.address;
    this.secure = client.secure;
    this.#owner = owner;
  }

  reuse(rest: Buffer): void {
    this.#owner.waitAgain(this.socket, rest);
  }
}
