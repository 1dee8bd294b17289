import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { DemoKey } from './graphiql.ts';
import { escapeHtml, renderDocument } from './html.ts';

const STYLE = `
:root { color-scheme: light dark; --page: #fff; --text: #26324a; --muted: #5f6b82; --link: #b0047a }
@media (prefers-color-scheme: dark) {
  :root { --page: #171d2a; --text: #e3e8f1; --muted: #aab4c8; --link: #ff7fd0 }
}
body { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem } h2 { margin-top: 2rem; font-size: 1.1rem }
a { color: var(--link) } li { margin: .25rem 0 } ul { padding-left: 1.25rem }
code, pre { font: .875rem/1.5 ui-monospace, monospace } pre { white-space: pre-wrap }
small { color: var(--muted); font-size: inherit }
`;

/** The pages consist of HTML and one inline style sheet, which the policy allows by its digest. */
export const TEXT_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @param body HTML. */
const renderPage = (title: string, body: string) =>
  renderDocument({ title, head: `<style>${STYLE}</style>`, body: `<main>${body}</main>` });

/** What the start page links to. */
export interface StartPageContent {
  /** Whether GraphiQL is served, and whether it requires `schema:read`. */
  graphiql: false | 'anybody' | 'schemaReaders';
  demoKey: DemoKey | undefined;
  documentation: DocumentationPage[];
}

/** Renders the page at `/`: links to everything that a browser can open. */
export function renderStartPage({ graphiql, demoKey, documentation }: StartPageContent): string {
  const access =
    graphiql === 'schemaReaders' ? 'GraphQL in the browser; requires a key with schema:read' : 'GraphQL in the browser';
  const links = [
    ...(graphiql ? [['/graphql', 'GraphiQL', access]] : [['/graphql', 'GraphQL', 'endpoint for POST requests']]),
    ['/v1/docs', 'REST API', 'interactive reference'],
    ['/v1/openapi.json', 'OpenAPI', 'the REST API as an OpenAPI 3.1 document'],
    ['/health/ready', 'Readiness', 'whether the gateway can serve requests'],
    ['/health/live', 'Liveness', 'whether the process is running'],
  ];
  const items = links.map(
    ([path, name, purpose]) => `<li><a href="${path}">${name}</a> <small>– ${purpose}</small></li>`,
  );
  const pages = documentation.map(({ name, title }) => `<li><a href="/docs/${name}">${escapeHtml(title)}</a></li>`);
  const credentials = demoKey
    ? `<p>Demo data: public key <code>${demoKey.publicKey}</code>, secret <code>${demoKey.secret}</code>.</p>`
    : '';
  const docs = pages.length > 0 ? `<h2>Documentation</h2><ul>${pages.join('\n')}</ul>` : '';
  return renderPage('usergraph', `<h1>usergraph</h1>${credentials}<ul>${items.join('\n')}</ul>${docs}`);
}

/**
 * The page at `/graphql` if GraphiQL is disabled. It does not contain the name of the editor, from which scanners such as
 * graphql-cop conclude that the editor is served.
 */
export const EDITOR_DISABLED_PAGE = renderPage(
  'usergraph – GraphQL',
  `<h1>GraphQL endpoint</h1>
<p>This is the GraphQL endpoint. Send operations with POST. The editor for browsers is disabled.</p>
<p>To enable it, start the gateway with <code>GRAPHIQL=on</code>. If <code>NODE_ENV=production</code>, the browser then asks for the public key and the secret of a key with the scope
<code>schema:read</code>. With <code>PERSISTED_OPERATIONS_ONLY=on</code>, the editor cannot be enabled.</p>
<p><a href="/">Start page</a></p>`,
);

/** A Markdown file of `docs/`. */
export interface DocumentationPage {
  /** Such as `limits.md`. */
  name: string;
  title: string;
  /** The file as HTML: its text, with links between the pages. */
  html: string;
}

const folder = new URL('../../docs/', import.meta.url);

/** The page that links to all others. */
export const OVERVIEW = 'README.md';

/** Reads `docs/`, with its overview first. Returns no pages if the folder is not part of the installation. */
export async function readDocumentation(): Promise<DocumentationPage[]> {
  const files = await readdir(folder).catch(() => []);
  const names = files.filter((name) => name.endsWith('.md')).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return Promise.all(
    names.map(async (name) => {
      const markdown = await readFile(new URL(name, folder), 'utf8');
      const heading = /^# (.+)\n/.exec(markdown)?.[1] ?? name;
      const title = name === OVERVIEW ? 'Overview' : heading;
      const text = linkPages(markSections(escapeHtml(markdown.replace(/^# .+\n+/, ''))), name, names);
      const body = `<p><a href="/">Start page</a></p><h1>${escapeHtml(heading)}</h1><pre>${text}</pre>`;
      return { name, title, html: renderPage(`usergraph – ${title}`, body) };
    }),
  );
}

const rank = (name: string) => (name === OVERVIEW ? 0 : 1);

/** The anchor that GitHub gives a heading. @param heading with escaped characters of HTML or without. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/&\w+;|[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

/** Gives the headings the ids that they have on GitHub, so that links lead to their sections. */
function markSections(escaped: string): string {
  const ids = new Set<string>();
  return escaped.replaceAll(/^#{2,6} (.+)$/gm, (line, heading: string) => {
    const id = anchorOf(heading);
    if (ids.has(id)) return line;
    ids.add(id);
    return `<b id="${id}">${line}</b>`;
  });
}

/**
 * Turns the Markdown links to pages of the documentation and to web sites into HTML links.
 * @param current the page with the text.
 */
function linkPages(escaped: string, current: string, names: readonly string[]): string {
  return escaped.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (link, text: string, target: string) => {
    const path = target.startsWith('#') ? current + target : target;
    if (names.includes(path.split('#', 1)[0] ?? '')) return `<a href="/docs/${path}">${text}</a>`;
    return target.startsWith('https://') ? `<a href="${target}">${text}</a>` : link;
  });
}
