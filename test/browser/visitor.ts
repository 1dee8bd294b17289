import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { type GatewayProcess, startGateway } from '../kit/gateway-process.ts';

/** Debian's Chromium by default. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** A name of this machine that browsers do not regard as secure, unlike 127.0.0.1. */
export const INSECURE_HOST = 'usergraph.test';

/** Launches Chromium, with a resolver that only knows this machine. */
export function launchBrowser(): Promise<Browser> {
  const flags = '--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update';
  const offline = `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
  return chromium.launch({ executablePath, args: [...flags.split(' '), '--disable-sync', offline] });
}

/** A page in a new browser context, such as GraphiQL on a first visit. */
export interface Visitor extends AsyncDisposable {
  page: Page;
  /** Errors and warnings in the console, and uncaught errors. */
  errors: string[];
  /** Requests to other hosts than the gateway. */
  foreignRequests: string[];
  /** Opens or reloads GraphiQL, and waits until it has loaded the schema. */
  open(query?: string): Promise<void>;
  tabs(): Promise<string[]>;
  /** Activates a tab by its title. */
  openTab(tab: string): Promise<void>;
  /** Replaces the text of an editor; default: the query editor. */
  type(text: string, editor?: Locator): Promise<void>;
  /** Waits until GraphiQL has stored the tabs with a text, which it does after a short delay. */
  waitForStored(text: string): Promise<unknown>;
  /** Clicks the play button. */
  play(): Promise<void>;
  /** The visible part of the response. */
  response(): Promise<string>;
}

/** Opens a page in a new browser context. @param address the gateway's. */
export async function visit(browser: Browser, address: string): Promise<Visitor> {
  // Credentials that the browser sends after a 401, as if entered in its password dialog.
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    httpCredentials: { username: 'pk_demo', password: 'sk_demo' },
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text());
  });
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== address) foreignRequests.push(request.url());
  });

  return {
    page,
    errors,
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
    async openTab(tab) {
      await page.getByRole('tab').getByText(tab, { exact: true }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
    },
    async type(text, editor = page.locator('.graphiql-query-editor')) {
      await editor.locator('.view-lines').click();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.press('Delete');
      // Key by key: the editor inserts closing brackets, and overwrites them with typed ones.
      await page.keyboard.type(text);
    },
    waitForStored: (text) =>
      page.waitForFunction((part) => localStorage.getItem('graphiql:tabState')?.includes(part) === true, text),
    play: () => page.getByRole('button', { name: 'Execute query' }).click(),
    response: async () => (await page.locator('.graphiql-response .view-lines').innerText()).replaceAll('\u00a0', ' '),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/**
 * Starts a gateway with demo data and a browser before the tests of a file, and stops both after them.
 * @param environment further variables of the gateway.
 */
export function useDemoSite(environment: Record<string, string> = {}) {
  let directory: string;
  let gateway: GatewayProcess;
  let browser: Browser;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'usergraph-browser-'));
    gateway = await startGateway({ DATA_DIR: directory, ...environment });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.end('SIGTERM');
    await rm(directory, { recursive: true });
  });
  return {
    /** The URL of the gateway. */
    get address() {
      return gateway.address;
    },
    /** Opens a page. @param address by default the gateway's. */
    visit: (address = gateway.address) => visit(browser, address),
  };
}
