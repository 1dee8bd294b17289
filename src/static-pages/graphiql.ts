import { readdir, readFile } from 'node:fs/promises';
import { renderDocument } from './html.ts';

/** Data for the page's script. */
export interface PageSettings {
  examples: Example[];
  /** JSON for the header editor of each tab. */
  headers: string;
  /** The `Authorization` headers to switch between; empty unless the gateway serves the demo data. */
  keys: Partial<DemoHeaders>;
}

/** Allows scripts from this origin and requests to this origin only. The editor inserts inline styles and `data:` fonts. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Renders the page. The settings are embedded as JSON. @param base path of the page's files. */
export function renderPage(base: string, settings: PageSettings): string {
  const json = JSON.stringify(settings).replaceAll('<', '\\u003c');
  return renderDocument({
    title: 'usergraph – GraphiQL',
    head: `<link rel="stylesheet" href="${base}/graphiql.css">
    <link rel="stylesheet" href="${base}/page.css">
    <script type="application/json" id="settings">${json}</script>
    <script defer src="${base}/graphiql.js"></script>
    <script type="module" src="${base}/page.js"></script>`,
    body: `<header class="bar">
      <h1>usergraph – GraphiQL</h1>
      ${settings.keys.secret ? KEY_SWITCH : ''}
      <div class="actions">
        <button type="button" class="action" id="open-history">History</button>
        <button type="button" class="action" id="copy-curl">Copy as curl</button>
      </div>
    </header>
    <main id="graphiql">Loading GraphiQL…</main>
    <footer class="bar"><div id="result" role="status" aria-label="Response"></div></footer>
    ${DIALOGS}`,
  });
}

/** The switch between the demo keys. */
const KEY_SWITCH = `<fieldset id="keys">
        <legend>Demo key</legend>
        <label><input type="radio" name="key" value="secret"> Secret</label>
        <label><input type="radio" name="key" value="public"> Public</label>
      </fieldset>`;

const DIALOGS = `<dialog id="history" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      <p id="nothing-sent">No operations have been sent yet.</p>
      <ol id="sent"></ol>
      <h2>Examples</h2>
      <ol id="examples"></ol>
      <form method="dialog">
        <button type="button" class="action" id="clear-history">Clear history</button>
        <button class="action">Close</button>
      </form>
    </dialog>
    <dialog id="curl" aria-labelledby="curl-title">
      <h2 id="curl-title">Copy this command</h2>
      <textarea readonly rows="8" aria-labelledby="curl-title"></textarea>
      <form method="dialog"><button class="action">Close</button></form>
    </dialog>`;

/** A key that may be public. */
export interface DemoKey {
  publicKey: string;
  secret: string;
}

/** The `Authorization` headers of a demo key, with and without its secret. */
interface DemoHeaders {
  secret: string;
  public: string;
}

/** Returns the `Authorization` headers of a demo key. */
export function demoHeaders({ publicKey, secret }: DemoKey): DemoHeaders {
  const basic = (password: string) => `Basic ${Buffer.from(`${publicKey}:${password}`).toString('base64')}`;
  return { secret: basic(secret), public: basic('') };
}

/** The initial text of GraphiQL's header editor: credentials of the demo key, or a placeholder. */
export function defaultHeaders(demoKey: DemoKey | undefined): string {
  const authorization = demoKey ? demoHeaders(demoKey).secret : 'Basic <base64 of publicKey:secret>';
  return JSON.stringify({ Authorization: authorization }, undefined, 2);
}

const folder = new URL('../../examples/operations/', import.meta.url);

/** The initial operation of a tab. */
export interface Example {
  query: string;
  /** JSON. */
  variables: string;
}

/** Reads the example operations, in order. The variables of `N-name.graphql` are in `N-name.json`. */
export async function readExamples(): Promise<Example[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      query: (await readFile(new URL(name, folder), 'utf8')).trimEnd(),
      variables: (await readFile(new URL(name.replace('.graphql', '.json'), folder), 'utf8')).trimEnd(),
    })),
  );
}
