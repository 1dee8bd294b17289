import { createRequire } from 'node:module';
import { type Gateway, pageIn } from './rest.ts';

/** The exports of `@engage_so/js`. */
export interface OfficialClient {
  init(options: string | { key: string; secret?: string }): void;
  identify(user: { id: string; [attribute: string]: unknown }): Promise<unknown>;
  addAttribute(uid: string, attributes: Record<string, unknown>): Promise<unknown>;
  track(uid: string, event: string | Record<string, unknown>): Promise<unknown>;
  addToAccount(uid: string, accountId: string, role?: string): Promise<unknown>;
  removeFromAccount(uid: string, accountId: string): Promise<unknown>;
  changeAccountRole(uid: string, accountId: string, role: string): Promise<unknown>;
  convertToCustomer(uid: string): Promise<unknown>;
  convertToAccount(uid: string): Promise<unknown>;
  request(path: string, body: unknown, method: string): Promise<unknown>;
}

/** The fixed address in the client's code. */
const ROOT = 'https://api.engage.so/v1';

const require = createRequire(import.meta.url);
const clientPath = require.resolve('@engage_so/js');
const nodePath = createRequire(clientPath).resolve('@engage_so/node');
const corePath = createRequire(nodePath).resolve('@engage_so/core');
const fetchPath = createRequire(corePath).resolve('cross-fetch');

/** A fresh, unmodified copy of the client whose requests go to a listening gateway. */
export async function officialClient({ app }: Gateway): Promise<OfficialClient> {
  const address = app.server.listening ? app.listeningOrigin : await app.listen({ host: '127.0.0.1', port: 0 });
  // The client stores its key in a module variable, and gets its fetch from the module cache.
  for (const path of [clientPath, nodePath, corePath]) delete require.cache[path];
  require(fetchPath);
  const module = require.cache[fetchPath];
  if (!module) throw new Error('cross-fetch is not in the module cache.');
  const original: typeof fetch = module.exports;
  module.exports = (url: string, options: RequestInit) => {
    if (!url.startsWith(ROOT)) throw new Error(`The client calls ${url}.`);
    return original(`${address}/v1${url.slice(ROOT.length)}`, options);
  };
  try {
    return require(clientPath);
  } finally {
    module.exports = original;
  }
}

/** The key and the secret in an `Authorization` header. */
export function credentialsOf(caller: string): { key: string; secret: string } {
  const [key = '', secret = ''] = Buffer.from(caller.replace('Basic ', ''), 'base64').toString().split(':');
  return { key, secret };
}

/** The uids of all pages of users, newest first, read with `next_cursor`. */
export async function pagesOf(client: OfficialClient, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor = '';
  do {
    const { uids, next } = pageIn(await client.request(`/users?limit=${limit}&next_cursor=${cursor}`, null, 'GET'));
    pages.push(uids);
    cursor = next ?? '';
  } while (cursor);
  return pages;
}
