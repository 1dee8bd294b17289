import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useDemoSite } from './visitor.ts';

const exampleTabs = [
  'ListUsers',
  'NextPage',
  'UserWithEverything',
  'FilterUsers',
  'FilterByEvents',
  'NestedFilter',
  'SearchUsers',
  'CreateUser',
  'UpdateUser',
  'TrackEvent',
  'UpsertUsers',
  'AddEvents',
  'DeleteUser',
];

/** The examples that show how a failed item is reported. */
const tabsWithFailedItem = ['UpsertUsers', 'AddEvents'];

/** Timeout in ms for the page to show an expected text. */
const timeout = 15_000;

const site = useDemoSite();

/** Takes the README's screenshot, once the editors have highlighted their text. */
async function takeScreenshot(page: Page): Promise<void> {
  await page.mouse.move(400, 500);
  await page.waitForTimeout(3_000);
  await page.screenshot({ path: 'docs/graphiql.png' });
}

const uidsIn = (response: string) => [...response.matchAll(/"uid": "(\w+)"/g)].map(([, uid]) => uid);

describe('GraphiQL in a browser without internet', () => {
  it('opens the example tabs in order, without requests to other hosts and without errors', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    expect(await visitor.tabs()).toEqual(exampleTabs);
    for (const tab of exampleTabs) {
      await visitor.openTab(tab);
      await visitor.play();
      await expect.poll(visitor.response, { timeout }).toContain('"data": {');
      const hasFailure = (await visitor.response()).includes('"code":');
      expect({ tab, hasFailure }).toEqual({ tab, hasFailure: tabsWithFailedItem.includes(tab) });
    }
    expect(visitor.foreignRequests).toEqual([]);
    expect(visitor.errors).toEqual([]);
  });

  it('executes with the play button and with Ctrl-Enter', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"totalCount": 250');
    if (process.env.UPDATE_SCREENSHOT) await takeScreenshot(visitor.page);

    await visitor.type('{ viewer { workspace } }');
    await visitor.page.keyboard.press('Control+Enter');
    await expect.poll(visitor.response, { timeout }).toContain('"workspace": "Demo"');
  });

  it('executes with Ctrl-Enter after it has loaded, without a click into the editor', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.page.locator('.graphiql-query-editor .monaco-editor.focused').waitFor();
    await visitor.page.keyboard.press('Control+Enter');
    await expect.poll(visitor.response, { timeout }).toContain('"totalCount": 250');
  });

  it('shows other users in the NextPage tab', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"uid"');
    const firstPage = uidsIn(await visitor.response());

    await visitor.openTab('NextPage');
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"uid"');
    const nextPage = uidsIn(await visitor.response());
    expect(nextPage).not.toHaveLength(0);
    expect(nextPage.filter((uid) => firstPage.includes(uid))).toEqual([]);
  });

  it('loads the schema: the documentation lists Query, and the editor completes fields', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await visitor.page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).waitFor();
    await visitor.type('{ segm');
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

  it('restores edited tabs on the next visit', async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.openTab('UpdateUser');
    await visitor.type('query Mine { viewer { scopes } }');
    await visitor.waitForStored('{ viewer { scopes } }');
    await visitor.open();
    expect(await visitor.tabs()).toEqual(exampleTabs.with(exampleTabs.indexOf('UpdateUser'), 'Mine'));
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"users:read"');
  });

  it('opens the query of a link in a new tab, once; on a first visit before the examples', async () => {
    await using visitor = await site.visit();
    await visitor.open('?query=query Linked { viewer { workspace } }');
    expect(await visitor.tabs()).toEqual(['Linked', ...exampleTabs]);
    await visitor.openTab('NextPage');
    await visitor.waitForStored('"activeTabIndex":2');

    await visitor.open('?query=query Again { viewer { workspace } }');
    expect(await visitor.tabs()).toEqual(['Linked', ...exampleTabs, 'Again']);
    expect(visitor.page.url()).toBe(`${site.address}/graphql`);
    await visitor.open();
    expect(await visitor.tabs()).toEqual(['Linked', ...exampleTabs, 'Again']);
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"workspace": "Demo"');
  });

  it("shows an authentication error, and does not send the browser's own credentials", async () => {
    await using visitor = await site.visit();
    await visitor.open();
    await visitor.page.getByRole('button', { name: 'Headers' }).click();
    const headers = visitor.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
    await visitor.type('{}', headers);
    await visitor.play();
    await expect.poll(visitor.response, { timeout }).toContain('"code": "UNAUTHENTICATED"');
  });
});
