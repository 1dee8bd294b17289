import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../kit/gateway-process.ts';
import { launchBrowser, visit } from './visitor.ts';

let directory: string;
let gateway: GatewayProcess;
let browser: Browser;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usergraph-docs-'));
  gateway = await startGateway({ DATA_DIR: directory });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await gateway?.end('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

async function openDocs(page: Page): Promise<void> {
  await page.goto(`${gateway.address}/v1/docs`);
  await page.locator('.opblock').first().waitFor();
}

async function listUsers(page: Page): Promise<void> {
  await page.locator('#operations-Users-listUsers button.opblock-summary-control').click();
  await page.getByRole('button', { name: 'Execute' }).click();
}

const showsResponse = (page: Page, text: string) =>
  expect.poll(() => page.locator('.live-responses-table').innerText(), { timeout: 15_000 }).toContain(text);

it('shows the REST operations without internet, and executes one with the demo key', async () => {
  await using visitor = await visit(browser, gateway.address);
  const { page } = visitor;
  await openDocs(page);
  expect(await page.locator('.opblock').count()).toBe(7);
  await listUsers(page);
  await showsResponse(page, '"data"');
  expect(await page.locator('.curl-command').innerText()).toContain(`Authorization: Basic ${btoa('pk_demo:sk_demo')}`);
  expect(visitor.foreignRequests).toEqual([]);
  expect(visitor.errors).toEqual([]);
});

it("shows a 401 without credentials, instead of waiting for the browser's password dialog", async () => {
  // This browser would send valid credentials after a 401, as if entered in the dialog.
  await using visitor = await visit(browser, gateway.address);
  const { page } = visitor;
  await openDocs(page);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await page.getByRole('button', { name: 'Remove authorization' }).click();
  await page.locator('.auth-container').getByRole('button', { name: 'Close' }).click();
  await listUsers(page);
  await showsResponse(page, '"UNAUTHENTICATED"');
});
