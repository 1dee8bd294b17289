import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../kit/gateway-process.ts';
import { launchBrowser, visit } from './visitor.ts';

const exampleTabs = [
  'ListUsers',
  'NextPage',
  'UserWithEverything',
  'CreateUser',
  'UpdateUser',
  'TrackEvent',
  'DeleteUser',
];

/** Longest time in ms to wait for what the page is about to show. */
const timeout = 15_000;

let directory: string;
let gateway: GatewayProcess;
let browser: Browser;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usergraph-browser-'));
  gateway = await startGateway({ DATA_DIR: directory });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await gateway?.end('SIGTERM');
  await rm(directory, { recursive: true });
});

/** Takes the README's picture, once the editors have coloured their text. */
async function takePicture(page: Page): Promise<void> {
  await page.mouse.move(400, 500);
  await page.waitForTimeout(3_000);
  await page.screenshot({ path: 'docs/graphiql.png' });
}

const uidsIn = (answer: string) => [...answer.matchAll(/"uid": "(\w+)"/g)].map(([, uid]) => uid);

describe('GraphiQL in a browser without internet', () => {
  it('comes up with the example tabs in order, asks nobody else and complains of nothing', async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open();
    expect(await visitor.tabs()).toEqual(exampleTabs);
    for (const tab of exampleTabs) {
      await visitor.turnTo(tab);
      await visitor.play();
      await expect.poll(visitor.answer, { timeout }).toContain('"data": {');
      expect(await visitor.answer()).not.toContain('"code":');
    }
    expect(visitor.foreignRequests).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows users at the first press of play, and of Ctrl-Enter', async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open();
    await visitor.play();
    await expect.poll(visitor.answer, { timeout }).toContain('"totalCount": 250');
    if (process.env.UPDATE_SCREENSHOT) await takePicture(visitor.page);

    await visitor.write('{ viewer { workspace } }');
    await visitor.page.keyboard.press('Control+Enter');
    await expect.poll(visitor.answer, { timeout }).toContain('"workspace": "Demo"');
  });

  it('shows other users in the tab of the next page', async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open();
    await visitor.play();
    await expect.poll(visitor.answer, { timeout }).toContain('"uid"');
    const firstPage = uidsIn(await visitor.answer());

    await visitor.turnTo('NextPage');
    await visitor.play();
    await expect.poll(visitor.answer, { timeout }).toContain('"uid"');
    const nextPage = uidsIn(await visitor.answer());
    expect(nextPage).not.toHaveLength(0);
    expect(nextPage.filter((uid) => firstPage.includes(uid))).toEqual([]);
  });

  it('knows the schema: its documentation lists Query, and the editor completes fields', async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open();
    await visitor.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await visitor.page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).waitFor();
    await visitor.write('{ segm');
    await expect
      .poll(
        async () => {
          await visitor.page.keyboard.press('Control+Space');
          return visitor.page.locator('.suggest-widget').allInnerTexts();
        },
        { timeout, interval: 500 },
      )
      .toContainEqual(expect.stringContaining('segments'));
  });

  it('keeps what a visitor has typed, for when they come back', async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open();
    await visitor.turnTo('UpdateUser');
    await visitor.write('query Mine { viewer { scopes } }');
    await visitor.stored('query Mine');
    await visitor.open();
    expect(await visitor.tabs()).toEqual(exampleTabs.with(4, 'Mine'));
    await visitor.play();
    await expect.poll(visitor.answer, { timeout }).toContain('"users:read"');
  });

  it('opens a link with a query in a tab of its own, once, and for a first visit before the examples', async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open('?query=query Linked { viewer { workspace } }');
    expect(await visitor.tabs()).toEqual(['Linked', ...exampleTabs]);
    await visitor.turnTo('NextPage');
    await visitor.stored('"activeTabIndex":2');

    await visitor.open('?query=query Again { viewer { workspace } }');
    expect(await visitor.tabs()).toEqual(['Linked', ...exampleTabs, 'Again']);
    expect(visitor.page.url()).toBe(`${gateway.address}/graphql`);
    await visitor.open();
    expect(await visitor.tabs()).toEqual(['Linked', ...exampleTabs, 'Again']);
    await visitor.play();
    await expect.poll(visitor.answer, { timeout }).toContain('"workspace": "Demo"');
  });

  it("shows a refusal, and never answers it with the browser's own password", async () => {
    await using visitor = await visit(browser, gateway.address);
    await visitor.open();
    await visitor.page.getByRole('button', { name: 'Headers' }).click();
    const headers = visitor.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
    await visitor.write('{}', headers);
    await visitor.play();
    await expect.poll(visitor.answer, { timeout }).toContain('"code": "UNAUTHENTICATED"');
  });
});
