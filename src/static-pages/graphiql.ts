import { readdir, readFile } from 'node:fs/promises';

/** What the page's script gets. */
export interface PageSettings {
  examples: Example[];
  /** JSON, for the header editor of each tab. */
  headers: string;
}

/** Only this origin's scripts run, and only this origin is called. The editor writes styles and fonts into the page. */
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

/** The page, whose files are under `base`. The settings are data in it, which no browser runs. */
export function renderPage(base: string, settings: PageSettings): string {
  const json = JSON.stringify(settings).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>usergraph – GraphiQL</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${base}/graphiql.css">
    <link rel="stylesheet" href="${base}/page.css">
    <script type="application/json" id="settings">${json}</script>
    <script defer src="${base}/graphiql.js"></script>
    <script defer src="${base}/page.js"></script>
  </head>
  <body>
    <div id="graphiql">Loading GraphiQL…</div>
  </body>
</html>
`;
}

/** A key that may be shown to anybody. */
export interface DemoKey {
  publicKey: string;
  secret: string;
}

/** The text of GraphiQL's header editor to begin with: the demo key's header, or one that says what belongs there. */
export function defaultHeaders(demoKey: DemoKey | undefined): string {
  const credentials = demoKey
    ? Buffer.from(`${demoKey.publicKey}:${demoKey.secret}`).toString('base64')
    : '<base64 of your public key, a colon and its secret>';
  return JSON.stringify({ Authorization: `Basic ${credentials}` }, undefined, 2);
}

const folder = new URL('../../examples/operations/', import.meta.url);

/** An operation that a tab begins with. */
export interface Example {
  query: string;
  /** JSON. */
  variables: string;
}

/** Reads the example operations, in order: each `N-name.graphql` has its variables beside it, in `N-name.json`. */
export async function readExamples(): Promise<Example[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      query: (await readFile(new URL(name, folder), 'utf8')).trimEnd(),
      variables: (await readFile(new URL(name.replace('.graphql', '.json'), folder), 'utf8')).trimEnd(),
    })),
  );
}
