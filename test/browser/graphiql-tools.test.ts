import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { INSECURE_HOST, useDemoSite, type Visitor } from './visitor.ts';

/** Timeout in ms for the page to show an expected text. */
const timeout = 15_000;

const site = useDemoSite();

const resultBar = (page: Page) => page.getByRole('status', { name: 'Response' });

const showsResult = (visitor: Visitor, text: string | RegExp) =>
  expect.poll(() => resultBar(visitor.page).innerText(), { timeout }).toMatch(text);

/** Runs a command in a POSIX shell, and returns the JSON that it prints. */
async function runInShell(command: string): Promise<unknown> {
  return JSON.parse((await promisify(execFile)('sh', ['-c', command])).stdout);
}

async function copyAsCurl({ page }: Visitor): Promise<string> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.address });
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await expect.poll(() => resultBar(page).innerText()).toBe('Copied the operation as a curl command.');
  return page.evaluate(() => navigator.clipboard.readText());
}

describe('The demo key switch', () => {
  it('changes the credentials of all tabs: with the public key, a field is forbidden', async () => {
    await using visitor = await site.visit();
    const { page } = visitor;
    await visitor.open();
    expect(await page.getByLabel('Secret', { exact: true }).isChecked()).toBe(true);
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"totalCount": 250');

    await page.getByLabel('Public', { exact: true }).check();
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"FORBIDDEN"');
    await showsResult(visitor, '403 Forbidden, 1 error');

    await visitor.openTab('UserWithEverything');
    await visitor.play();
    await showsResult(visitor, '403 Forbidden, 1 error');
    await page.getByLabel('Secret', { exact: true }).check();
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"uid": "u1232"');
  });

  it('keeps other headers, and leaves tabs with other credentials alone', async () => {
    await using visitor = await site.visit();
    const { page } = visitor;
    await visitor.open();
    await page.getByRole('button', { name: 'Headers' }).click();
    const headers = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
    await visitor.type(`{"X-Request-Id": "mine", "Authorization": "Basic ${btoa('pk_demo:sk_demo')}"`, headers);
    await page.getByLabel('Public', { exact: true }).check();
    expect(await copyAsCurl(visitor)).toMatch(/-H 'authorization: Basic cGtfZGVtbzo='[\s\S]*-H 'x-request-id: mine'/);

    await visitor.openTab('NextPage');
    await visitor.type('{"Authorization": "Bearer other"', headers);
    await expect.poll(() => page.getByLabel('Public', { exact: true }).isChecked(), { timeout }).toBe(false);
    await visitor.waitForStored('Bearer other');
    await visitor.openTab('ListUsers');
    await visitor.openTab('NextPage');
    expect(await copyAsCurl(visitor)).toContain("-H 'authorization: Bearer other'");
  });

  it('keeps the documentation of the schema, which the public key cannot read', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.page.getByLabel('Public', { exact: true }).check();
    await visitor.waitForStored('cGtfZGVtbzo=');
    await visitor.open();
    expect(await visitor.page.getByLabel('Public', { exact: true }).isChecked()).toBe(true);
    await visitor.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await visitor.page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).waitFor();
  });
});

describe('The response bar', () => {
  it('shows status, time, size and cost of each tab', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await showsResult(visitor, /sends the operation/);
    await visitor.play();
    await showsResult(visitor, /^Status 200 OK\s*Time \d+ ms\s*Size [\d.]+ kB\s*Cost 12 of 1000$/);
    expect(await visitor.response()).not.toContain('"cost"');

    await visitor.openTab('NextPage');
    await showsResult(visitor, /sends the operation/);
    await visitor.type('{ nothing }');
    await visitor.play();
    await showsResult(visitor, /^Status 400 Bad Request, 1 error\s*Time \d+ ms\s*Size \d+ B\s*Cost unknown$/);
    await visitor.openTab('ListUsers');
    await showsResult(visitor, /^Status 200 OK/);
  });
});

describe('Copy as curl', () => {
  it('copies a command that runs in a shell', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    expect(await runInShell(await copyAsCurl(visitor))).toMatchObject({ data: { users: { totalCount: 250 } } });

    await visitor.type('query Quoted { user(uid: "it\'s $HOME `x`") { uid } }');
    expect(await runInShell(await copyAsCurl(visitor))).toEqual({ data: { user: null } });
  });

  it('shows the command where the page has no access to the clipboard', async () => {
    await using visitor = await site.visit(site.address.replace('127.0.0.1', INSECURE_HOST));
    await visitor.open();
    await visitor.page.getByRole('button', { name: 'Copy as curl' }).click();
    const dialog = visitor.page.getByRole('dialog', { name: 'Copy this command' });
    const command = await dialog.getByRole('textbox').inputValue();
    expect(await runInShell(command.replace(INSECURE_HOST, '127.0.0.1'))).toHaveProperty('data.users');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'hidden' });
  });

  it('says which editor does not contain JSON', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.type('{"first": oops', visitor.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)'));
    await visitor.page.getByRole('button', { name: 'Copy as curl' }).click();
    await showsResult(visitor, /The variables editor does not contain a JSON object/);
  });
});

describe('The history', () => {
  it('lists what was sent, without credentials, and opens it in a new tab', async () => {
    await using visitor = await site.visit();
    const { page } = visitor;
    const dialog = page.getByRole('dialog', { name: 'History' });
    await visitor.open();
    await page.getByRole('button', { name: 'History' }).click();
    await dialog.getByText('No operations have been sent yet.').waitFor();
    await page.keyboard.press('Escape');

    await visitor.play();
    await showsResult(visitor, /200 OK/);
    await visitor.type('query Second { viewer { workspace } }');
    await visitor.play();
    await showsResult(visitor, /200 OK\s*Time \d+ ms\s*Size \d+ B/);
    await visitor.open();
    await page.getByRole('button', { name: 'History' }).click();
    const sent = dialog.locator('#sent').getByRole('button');
    expect(await sent.allInnerTexts()).toEqual([
      expect.stringMatching(/^Second\s.*200 OK, \d+ ms$/s),
      expect.stringMatching(/^ListUsers\s.*200 OK, \d+ ms$/s),
    ]);
    expect(await page.evaluate(() => localStorage.getItem('usergraph:history'))).not.toMatch(/Basic|_demo/);

    const tabs = await visitor.tabs();
    await sent.nth(1).click();
    await expect.poll(visitor.tabs, { timeout }).toHaveLength(tabs.length + 1);
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"totalCount": 250');
  });

  it('is cleared, and keeps the examples', async () => {
    await using visitor = await site.visit();
    const { page } = visitor;
    const dialog = page.getByRole('dialog', { name: 'History' });
    await visitor.open();
    await visitor.play();
    await showsResult(visitor, /200 OK/);
    await page.getByRole('button', { name: 'History' }).click();
    await dialog.getByRole('button', { name: 'Clear history' }).click();
    expect(await dialog.locator('#sent').getByRole('button').count()).toBe(0);
    await dialog.getByRole('button', { name: 'TrackEvent' }).click();
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"addEvent"');
  });
});

it('hides what only federation gateways use from the documentation', async () => {
  await using visitor = await site.visit();
  await visitor.open();
  await visitor.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const explorer = visitor.page.locator('.graphiql-doc-explorer');
  await explorer.getByText('UserConnection', { exact: true }).waitFor();
  expect(await explorer.innerText()).not.toMatch(/_Any|_Entity|_Service/);
  await explorer.getByText('Query', { exact: true }).click();
  await explorer.getByText('viewer', { exact: true }).waitFor();
  expect(await explorer.innerText()).not.toMatch(/_entities|_service/);

  await visitor.type('{ _service { __typename } }');
  await visitor.play();
  await expect.poll(visitor.response, { timeout }).toContain('"_Service"');
});

it('fills a new tab with instructions and an operation that runs', async () => {
  await using visitor = await site.visit();
  await visitor.open();
  await visitor.page.getByRole('button', { name: 'New tab' }).click();
  await expect.poll(visitor.tabs, { timeout }).toContain('WhoAmI');
  await visitor.play();
  await expect.poll(visitor.response, { timeout }).toContain('"workspace": "Demo"');
});

it.each(['light', 'dark'] as const)('is usable in a window of 400 px in %s mode', async (colorScheme) => {
  await using visitor = await site.visit();
  const { page } = visitor;
  await page.setViewportSize({ width: 400, height: 800 });
  await page.emulateMedia({ colorScheme });
  await visitor.open();
  await visitor.play();
  await expect.poll(visitor.response, { timeout }).toContain('"totalCount": 250');
  await showsResult(visitor, /Cost 12 of 1000/);
  const inWindow = async (selector: string) => {
    const box = await page.locator(selector).boundingBox();
    return box !== null && box.x >= 0 && box.x + box.width <= 400 && box.height > 20 && box.y + box.height <= 800;
  };
  for (const part of ['#keys', '.actions', '.graphiql-query-editor', '.graphiql-response', '#result'])
    expect([part, await inWindow(part)]).toEqual([part, true]);
  await page.getByRole('button', { name: 'New tab' }).click();
  await expect.poll(() => inWindow('.graphiql-tab-active'), { timeout }).toBe(true);
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).click();
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
  expect(visitor.errors).toEqual([]);
});
