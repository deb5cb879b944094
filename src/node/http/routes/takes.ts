/**
 * Finished takes and their files: administrators only. With a page of its own (`--page`) also this machine.
 * @module
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { renderTakePage, TAKE_PAGE_STYLE } from '../../../tracks/proof/render-page.ts';
import { takeSummarySchema, takeViewSchema } from '../../../tracks/takes/schema.ts';
import { download } from '../file-download.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, json, page, problem, type Route } from '../route.ts';

const NAME = ['NAME', 'Name of a take: that of its folder'] as const;
const NO_TAKE = { 404: { description: 'There is no such take' } } as const;
/** Made from the account, not the file beside it: whoever can write there must not write pages here. */
const PAGE_FILE = 'take.html';
const STYLE_HASH = createHash('sha256').update(TAKE_PAGE_STYLE).digest('base64');
const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; sandbox`;

const noSuchTake = (): Answer => problem(404, 'There is no such take');
const noSuchFile = (): Answer => problem(404, 'There is no such file in that take');

async function list({ view }: Exchange): Promise<Answer> {
  return json({ isKept: view.takes !== undefined, takes: (await view.takes?.list()) ?? [] });
}

async function take({ view, params }: Exchange): Promise<Answer> {
  const found = await view.takes?.view(params[0]!);
  return found ? json(found) : noSuchTake();
}

async function file({ view, params, header, isHead }: Exchange): Promise<Answer> {
  const [name, fileName] = params as [string, string];
  if (fileName === PAGE_FILE) {
    const account = await view.takes?.account(name);
    if (!account) return noSuchTake();
    return { ...page(renderTakePage(account)), headers: { 'Content-Security-Policy': PAGE_POLICY } };
  }
  const opened = await view.takes?.file(name, fileName);
  if (!opened) return noSuchFile();
  return download(opened, {
    contentType: fileName.endsWith('.json') ? 'application/json; charset=utf-8' : 'audio/wav',
    fileName: fileName.endsWith('.json') ? `${name}.json` : `${name} ${fileName}`,
    range: header('range'),
    ifRange: header('if-range'),
    isHead,
    clock: view.clock,
  });
}

/** The routes. @param role who may see takes: administrators, or this machine too */
export function takeRoutes(role: 'admin' | 'machine'): Route[] {
  return [
    operation({
      path: '/api/v1/takes',
      method: 'GET',
      role,
      tag: 'tracks',
      summary: 'Takes of the folder `tracks.takes`, or of `distream record --page`, newest first',
      description: 'At most 100.',
      answers: {
        200: {
          description: 'Takes; `isKept` is false when this node has no such folder',
          schema: z.object({ isKept: z.boolean(), takes: z.array(takeSummarySchema) }),
        },
      },
      handle: list,
    }),
    operation({
      path: '/api/v1/takes/*',
      method: 'GET',
      role,
      tag: 'tracks',
      summary: 'A take with its tracks, their proof and where they have losses',
      params: [NAME],
      answers: { 200: { description: 'A take', schema: takeViewSchema }, ...NO_TAKE },
      handle: take,
    }),
    operation({
      path: '/api/v1/takes/*/*',
      method: 'GET',
      role,
      tag: 'tracks',
      summary: 'A file of a take: `take.json`, `take.html`, or a recording that `take.json` names',
      description: 'Streamed; `Range` and `If-Range` are honoured.',
      params: [NAME, ['FILE', 'Name of the file']],
      answers: {
        200: { description: 'The file', contentType: 'audio/wav' },
        206: { description: 'The part that was asked for', contentType: 'audio/wav' },
        404: { description: 'There is no such take, or no such file in it' },
        416: { description: 'There is no such part' },
      },
      handle: file,
    }),
  ];
}
