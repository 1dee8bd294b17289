import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** A file that the page loads. */
export interface Asset {
  /** Media type, with the charset: the scripts hold characters beyond ASCII. */
  type: string;
  content: Buffer;
  /** The content under gzip, made on the first call and kept: 9 MB of scripts take 0.3 s. */
  compressed(): Promise<Buffer>;
}

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';
const distribution = import.meta.resolve('@graphql-yoga/graphiql');

/** Where each file is, by the name that the page has for it. */
const files = [
  { name: 'page.js', type: script, url: import.meta.resolve('./page.js') },
  { name: 'page.css', type: style, url: import.meta.resolve('./page.css') },
  { name: 'graphiql.js', type: script, url: new URL('yoga-graphiql.umd.js', distribution) },
  { name: 'graphiql.css', type: style, url: new URL('graphiql.css', distribution) },
  { name: 'editor.worker.js', type: script, url: new URL('monacoeditorwork/editor.worker.bundle.js', distribution) },
  { name: 'graphql.worker.js', type: script, url: new URL('monacoeditorwork/graphql.worker..bundle.js', distribution) },
  { name: 'json.worker.js', type: script, url: new URL('monacoeditorwork/json.worker.bundle.js', distribution) },
];

/** Reads the files of the page. The version is a digest of all of them, so that browsers may keep them for ever. */
export async function readAssets(): Promise<{ version: string; assets: Map<string, Asset> }> {
  const digest = createHash('sha256');
  const assets = new Map<string, Asset>();
  for (const { name, type, url } of files) {
    const content = await readFile(fileURLToPath(url));
    digest.update(content);
    let compressed: Promise<Buffer> | undefined;
    assets.set(name, {
      type,
      content,
      compressed: () => {
        compressed ??= compress(content);
        return compressed;
      },
    });
  }
  return { version: digest.digest('hex').slice(0, 12), assets };
}
