import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { fileOperations } from '../../src/rest/file-operations.ts';
import { operations } from '../../src/rest/operations/index.ts';
import { useDemoSite } from './visitor.ts';

const site = useDemoSite();

async function openDocs(page: Page): Promise<void> {
  await page.goto(`${site.address}/v1/docs`);
  await page.locator('.opblock').first().waitFor();
}

async function listUsers(page: Page): Promise<void> {
  await page.locator('#operations-Users-listUsers button.opblock-summary-control').click();
  await page.getByRole('button', { name: 'Execute' }).click();
}

const showsResponse = (page: Page, text: string) =>
  expect.poll(() => page.locator('.live-responses-table').innerText(), { timeout: 15_000 }).toContain(text);

it('shows the REST operations without internet, and executes one with the demo key', async () => {
  await using visitor = await site.visit();
  const { page } = visitor;
  await openDocs(page);
  expect(await page.locator('.opblock').count()).toBe(operations.length + fileOperations.length);
  await listUsers(page);
  await showsResponse(page, '"data"');
  expect(await page.locator('.curl-command').innerText()).toContain(`Authorization: Basic ${btoa('pk_demo:sk_demo')}`);
  expect(visitor.foreignRequests).toEqual([]);
  expect(visitor.errors).toEqual([]);
});

it("shows a 401 without credentials, instead of waiting for the browser's password dialog", async () => {
  // This browser would send valid credentials after a 401, as if entered in the dialog.
  await using visitor = await site.visit();
  const { page } = visitor;
  await openDocs(page);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await page.getByRole('button', { name: 'Remove authorization' }).click();
  await page.locator('.auth-container').getByRole('button', { name: 'Close' }).click();
  await listUsers(page);
  await showsResponse(page, '"UNAUTHENTICATED"');
});
