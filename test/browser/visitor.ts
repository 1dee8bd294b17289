import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

/** Debian's, unless CHROMIUM names another. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts Chromium; nothing but this machine has an address in it. */
export function launchBrowser(): Promise<Browser> {
  const switches =
    '--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update';
  const offline = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';
  return chromium.launch({ executablePath, args: [...switches.split(' '), '--disable-sync', offline] });
}

/** Somebody who has GraphiQL open, in a browser that has never been there before. */
export interface Visitor extends AsyncDisposable {
  page: Page;
  /** What the console and uncaught errors have said. */
  complaints: string[];
  /** Requests to anybody but the gateway. */
  foreignRequests: string[];
  /** Opens GraphiQL, or opens it again, and waits until it has the schema. */
  open(query?: string): Promise<void>;
  tabs(): Promise<string[]>;
  /** Goes to a tab, by its title. */
  turnTo(tab: string): Promise<void>;
  /** Replaces the text of an editor; the query's, unless another is named. */
  write(text: string, into?: Locator): Promise<void>;
  /** DatabaseTimeouts until the browser has stored a text with the tabs, as GraphiQL does after a short while. */
  stored(text: string): Promise<unknown>;
  /** Presses play. */
  play(): Promise<void>;
  /** The part of the answer that is on the screen. */
  answer(): Promise<string>;
}

/** Brings a visitor to the gateway at an address. */
export async function visit(browser: Browser, address: string): Promise<Visitor> {
  // Credentials that the browser itself would answer a 401 with, as after its password dialog.
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    httpCredentials: { username: 'pk_demo', password: 'sk_demo' },
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const foreignRequests: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== address) foreignRequests.push(request.url());
  });

  return {
    page,
    complaints,
    foreignRequests,
    async open(query = '') {
      const introspected = page.waitForResponse(
        (response) => response.request().postData()?.includes('__schema') === true,
      );
      await page.goto(`${address}/graphql${query}`);
      await introspected;
      await page.locator('.graphiql-query-editor .view-lines').waitFor();
    },
    tabs: () => page.getByRole('tab').allInnerTexts(),
    async turnTo(tab) {
      await page.getByRole('tab').getByText(tab, { exact: true }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
    },
    async write(text, into = page.locator('.graphiql-query-editor')) {
      await into.locator('.view-lines').click();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.press('Delete');
      // Key by key: the editor closes brackets by itself, and takes a typed one for its own.
      await page.keyboard.type(text);
    },
    stored: (text) =>
      page.waitForFunction((part) => localStorage.getItem('graphiql:tabState')?.includes(part) === true, text),
    play: () => page.getByRole('button', { name: 'Execute query' }).click(),
    answer: async () => (await page.locator('.graphiql-response .view-lines').innerText()).replaceAll('\u00a0', ' '),
    [Symbol.asyncDispose]: () => context.close(),
  };
}
