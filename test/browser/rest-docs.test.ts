import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startGateway } from '../kit/gateway-process.ts';
import { launchBrowser, visit } from './visitor.ts';

it('shows the REST operations without internet, and executes one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-docs-'));
  try {
    await using gateway = await startGateway({ DATA_DIR: directory });
    await using browser = await launchBrowser();
    await using visitor = await visit(browser, gateway.address);
    const { page } = visitor;
    await page.goto(`${gateway.address}/v1/docs`);
    await page.locator('.opblock').first().waitFor();
    expect(await page.locator('.opblock').count()).toBe(7);
    await page.locator('#operations-Users-listUsers button.opblock-summary-control').click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await expect.poll(() => page.locator('.live-responses-table').innerText(), { timeout: 15_000 }).toContain('"data"');
    expect(visitor.foreignRequests).toEqual([]);
    expect(visitor.errors).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
