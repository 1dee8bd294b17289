import { readdir, readFile } from 'node:fs/promises';

/** Data for the page's script. */
export interface PageSettings {
  examples: Example[];
  /** JSON for the header editor of each tab. */
  headers: string;
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

/** A key that may be public. */
export interface DemoKey {
  publicKey: string;
  secret: string;
}

/** The initial text of GraphiQL's header editor: credentials of the demo key, or a placeholder. */
export function defaultHeaders(demoKey: DemoKey | undefined): string {
  const credentials = demoKey
    ? Buffer.from(`${demoKey.publicKey}:${demoKey.secret}`).toString('base64')
    : '<base64 of publicKey:secret>';
  return JSON.stringify({ Authorization: `Basic ${credentials}` }, undefined, 2);
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
