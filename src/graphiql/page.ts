import type { Example } from './examples.ts';

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
