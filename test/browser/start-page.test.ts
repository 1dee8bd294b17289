import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startGateway } from '../kit/gateway-process.ts';
import { launchBrowser, visit } from './visitor.ts';

it('leads a browser to how GraphiQL is enabled in production, and to the documentation', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-start-'));
  try {
    await using gateway = await startGateway({ DATA_DIR: directory, NODE_ENV: 'production' });
    await using browser = await launchBrowser();
    await using visitor = await visit(browser, gateway.address);
    const { page } = visitor;
    const follow = (name: string) => page.getByRole('link', { name, exact: true }).first().click();
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    await page.setViewportSize({ width: 400, height: 800 });
    await page.goto(gateway.address);
    expect(await width()).toBe(400);
    await follow('GraphQL');
    await page.getByText('GRAPHIQL=on').waitFor();
    await follow('Start page');
    await follow('Configuration');
    await page.getByRole('heading', { name: 'Configuration' }).waitFor();
    expect(await width()).toBe(400);
    await follow('Start page');
    await follow('REST API');
    await page.locator('.opblock').first().waitFor();
    expect(visitor.foreignRequests).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
