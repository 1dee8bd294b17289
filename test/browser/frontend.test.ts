import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExampleProcess, isAnswering, runWithPortTaken, startExample } from '../kit/example-process.ts';
import { freePorts } from '../kit/free-ports.ts';
import { DEMO_OWNER, queryAsDemo, startGateway } from '../kit/gateway-process.ts';
import { withOccupiedSlots } from '../kit/occupied.ts';
import { postmasterPid } from '../kit/postmaster-pid.ts';
import { stopAfterTest } from '../kit/process-tree.ts';
import { launchBrowser, visit } from './visitor.ts';

const START = 'examples/frontend/start.ts';
/** Waits as long as for an element; see visitor.ts. */
const soon = { timeout: 15_000 };
const SECRETS = ['sk_demo', btoa('pk_demo:sk_demo')];

let port: number;
let example: ExampleProcess;
let browser: Browser;
const gateway = () => `http://127.0.0.1:${port + 1}`;

// The first start installs the packages of the example.
beforeAll(async () => {
  port = await freePorts(2);
  // So few slots of the demo key that a test can occupy them.
  example = await startExample(START, port, /application +(http:\S+)\/\n/, { CONCURRENCY_LIMIT: '8' });
  browser = await launchBrowser();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await example?.stop();
  await rm(`.data/frontend-${port}`, { recursive: true, force: true });
});

/** Starts only the application, as its README says. */
async function startAlone(gatewayUrl: string) {
  const alonePort = await freePorts(1);
  const child = spawn('npm', ['start', '--', '--port', String(alonePort), '--strictPort'], {
    cwd: 'examples/frontend',
    env: { ...process.env, USERGRAPH_URL: gatewayUrl },
    detached: true,
    stdio: 'ignore',
  });
  stopAfterTest(child);
  const ended = once(child, 'exit');
  const address = `http://127.0.0.1:${alonePort}`;
  await expect.poll(() => isAnswering(address), { timeout: 30_000 }).toBe(true);
  return {
    address,
    async [Symbol.asyncDispose]() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await ended;
    },
  };
}

/** Stops the embedded database of a gateway, and keeps the gateway from starting it again. */
async function stopDatabase(directory: string): Promise<void> {
  await appendFile(join(directory, 'postgresql.conf'), 'nonsense = on\n');
  process.kill(await postmasterPid(directory), 'SIGQUIT');
}

/** Opens a page of the application. Disposing of it checks what the browser has received. */
async function open(path = '/', address = example.printed) {
  const visitor = await visit(browser, address);
  const { page } = visitor;
  const operations: string[] = [];
  const received: Promise<string>[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') operations.push(JSON.parse(request.postData() ?? '').operationName);
  });
  page.on('response', (response) => {
    const headers = JSON.stringify(response.headers());
    // The body of a response that the browser has discarded, such as before a reload, cannot be read.
    received.push(
      response.text().then(
        (body) => headers + body,
        () => headers,
      ),
    );
  });
  await page.goto(`${address}${path}`);
  await page.locator('tbody tr').first().waitFor();
  // In development, React's StrictMode repeats the first queries.
  await page.waitForLoadState('networkidle');
  return {
    page,
    operations,
    errors: visitor.errors,
    async [Symbol.asyncDispose]() {
      const responses = await Promise.all(received);
      await visitor[Symbol.asyncDispose]();
      expect(visitor.foreignRequests).toEqual([]);
      expect(responses.join('\n')).toContain('Jasmine');
      expect(responses.filter((response) => SECRETS.some((secret) => response.includes(secret)))).toEqual([]);
    },
  };
}

const names = (page: Page) => page.locator('tbody td:first-child').allInnerTexts();
const follow = (page: Page, name: string) => page.getByRole('link', { name }).click();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Waits until the table shows other users. @returns their names. */
async function namesAfter(page: Page, previous: string[]): Promise<string[]> {
  await expect.poll(() => names(page), soon).not.toEqual(previous);
  return names(page);
}

const readUser = (uid: string) =>
  queryAsDemo(gateway(), `{ user(uid: "${uid}") { firstName email lists { subscribed list { title } } } }`);

it('lists users, and pages forward and back to the same page', async () => {
  await using site = await open();
  const { page } = site;
  const first = await names(page);
  expect(first).toHaveLength(10);
  expect(await page.locator('tbody tr').first().innerText()).toMatch(
    /^Jasmine Nguyen\s+jasmine.nguyen@marigoldfoods.example\s+u1249\s+Oct 31, 2026\s+pro$/,
  );
  await expect(page.getByRole('button', { name: 'Newer' }).isDisabled()).resolves.toBe(true);
  await follow(page, 'Older');
  const second = await namesAfter(page, first);
  await follow(page, 'Older');
  const third = await namesAfter(page, second);
  expect(new Set([...first, ...second, ...third]).size).toBeGreaterThan(25);
  await follow(page, 'Newer');
  expect(await namesAfter(page, third)).toEqual(second);
  expect(page.url()).toMatch(/\/\?last=10&before=\w+/);
  await follow(page, 'Newer');
  expect(await namesAfter(page, second)).toEqual(first);
  expect(site.errors).toEqual([]);
});

it('shows the same page and user after a reload, and after the back button', async () => {
  await using site = await open();
  const { page } = site;
  const first = await names(page);
  await follow(page, 'Older');
  const second = await namesAfter(page, first);
  await follow(page, second[0] ?? '');
  await page.getByRole('dialog').getByText('Recent events').waitFor();
  await page.reload();
  await page.getByRole('dialog').getByRole('heading', { name: second[0] }).waitFor();
  expect(await names(page)).toEqual(second);
  await page.goBack();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await names(page)).toEqual(second);
  await page.goBack();
  expect(await namesAfter(page, second)).toEqual(first);
  expect(site.errors).toEqual([]);
});

it('edits a user: the table shows it without another request', async () => {
  await using site = await open('/?user=u1248');
  const { page, operations } = site;
  await page.getByLabel('First name').waitFor();
  operations.length = 0;
  await page.getByLabel('First name').fill('Joana');
  await page.getByLabel('Phone number').fill('+33 6 39 98 59 57');
  await press(page, 'Save');
  await page.getByText('Saved.').waitFor();
  expect(await page.getByLabel('Phone number').inputValue()).toBe('+33639985957');
  expect(await names(page)).toContain('Joana Magalhães');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(operations).toEqual(['editUserMutation']);
  expect(await readUser('u1248')).toMatchObject({ data: { user: { firstName: 'Joana' } } });
  expect(site.errors).toEqual([]);
});

it('shows the issues of an invalid input at their fields, and changes nothing', async () => {
  await using site = await open('/?user=u1247');
  const { page } = site;
  const before = await readUser('u1247');
  await page.getByLabel('First name').fill('Changed');
  await page.getByLabel('E-mail').fill('no address');
  await page.getByLabel('Phone number').fill('12');
  await press(page, 'Save');
  const issueOf = async (label: string) => {
    const id = await page.getByLabel(label).getAttribute('aria-describedby');
    return page.locator(`[id="${id}"]`).innerText();
  };
  await expect.poll(() => issueOf('E-mail'), soon).toMatch(/e-mail address/);
  expect(await issueOf('Phone number')).toMatch(/phone number/);
  expect(await issueOf('First name')).toBe('');
  expect(await page.getByLabel('E-mail').evaluate((input) => input === document.activeElement)).toBe(true);
  expect(await readUser('u1247')).toEqual(before);
  expect(site.errors).toEqual([]);
});

it('creates a user at the start of the list, shows the code of another error, and deletes the user', async () => {
  await using site = await open();
  const { page, operations } = site;
  const create = async (firstName: string) => {
    await follow(page, 'New user');
    await page.getByLabel('uid').fill('frontend1');
    await page.getByLabel('First name').fill(firstName);
    await press(page, 'Create');
  };
  operations.length = 0;
  await create('Grace');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await names(page))[0]).toBe('Grace');
  expect(operations).toEqual(['createUserMutation']);
  await create('Again');
  await page.getByRole('alert').getByText('UID_TAKEN').waitFor();
  await page.keyboard.press('Escape');

  await follow(page, 'Grace');
  await press(page, 'Delete user …');
  await press(page, 'Cancel');
  expect(await readUser('frontend1')).toMatchObject({ data: { user: { firstName: 'Grace' } } });
  await press(page, 'Delete user …');
  operations.length = 0;
  await press(page, 'Delete');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await names(page)).not.toContain('Grace');
  expect(operations).toEqual(['deleteUserMutation']);
  expect(await readUser('frontend1')).toEqual({ data: { user: null } });
  expect(site.errors).toEqual([]);
});

it('subscribes a user to a list, and unsubscribes the user', async () => {
  await using site = await open('/?user=u1232');
  const { page } = site;
  const subscription = page.getByRole('switch', { name: 'Onboarding' });
  for (const subscribed of [true, false]) {
    await subscription.click();
    await page.getByText(subscribed ? /^subscribed$/ : /^unsubscribed$/).waitFor();
    expect(await subscription.isChecked()).toBe(subscribed);
    expect(await readUser('u1232')).toMatchObject({
      data: { user: { lists: [{ subscribed, list: { title: 'Onboarding' } }] } },
    });
  }
  expect(site.errors).toEqual([]);
});

it('retries a request that was rejected with status 429', async () => {
  await using site = await open();
  const { page, operations } = site;
  const first = await names(page);
  const caller = {
    port: port + 1,
    authorization: DEMO_OWNER,
    isRejected: async () =>
      JSON.stringify(await queryAsDemo(gateway(), '{ viewer { keyId } }')).includes('RATE_LIMITED'),
  };
  await withOccupiedSlots(caller, async (release) => {
    operations.length = 0;
    await follow(page, 'Older');
    await page.getByText('The server is busy. Retrying …').first().waitFor();
    expect(await names(page)).toEqual(first);
    release();
    expect(await namesAfter(page, first)).toHaveLength(10);
  });
  expect(operations.length).toBeGreaterThan(1);
  expect(new Set(operations)).toEqual(new Set(['userTableQuery']));
  await expect.poll(() => page.getByText('The server is busy.').count(), soon).toBe(0);
  // The browser itself reports the status.
  expect(site.errors.filter((error) => !error.includes('429'))).toEqual([]);
});

it('creates a user once if the response is lost', async () => {
  await using site = await open('/?new');
  const { page } = site;
  const keys: unknown[] = [];
  // The first attempts reach the gateway; the browser gets no response.
  await page.route('**/graphql', async (route) => {
    const { operationName, variables } = route.request().postDataJSON();
    if (operationName !== 'createUserMutation') return route.continue();
    keys.push(variables.input.idempotencyKey);
    if (keys.length > 4) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.getByLabel('uid').fill('frontend2');
  await page.getByLabel('First name').fill('Lost');
  await press(page, 'Create');
  await page.getByText('The server is busy. Retrying …').first().waitFor();
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  expect(await readUser('frontend2')).toMatchObject({ data: { user: { firstName: 'Lost' } } });
  await press(page, 'Create');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await names(page))[0]).toBe('Lost');
  expect([keys.length, new Set(keys).size]).toEqual([5, 1]);
});

it('reads a page once the connection is back', async () => {
  await using site = await open();
  const { page } = site;
  await page.context().setOffline(true);
  await follow(page, 'Older');
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  await page.context().setOffline(false);
  await press(page, 'Try again');
  await expect.poll(() => names(page), soon).toHaveLength(10);
});

it('runs alone for a gateway, and repeats queries and idempotent writes while the database is down', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-frontend-'));
  try {
    await using other = await startGateway({ DATA_DIR: directory });
    await using alone = await startAlone(other.address);
    await using site = await open('/?user=u1232', alone.address);
    const { page, operations } = site;
    await page.getByLabel('First name').fill('Unsaved');
    await stopDatabase(join(directory, 'postgres'));
    operations.length = 0;
    await press(page, 'Save');
    await page.getByRole('alert').getByText('SERVICE_UNAVAILABLE').waitFor();
    await page.keyboard.press('Escape');
    await follow(page, 'Older');
    await page.getByText('The server is busy. Retrying …').first().waitFor();
    await page.getByRole('alert').waitFor();
    expect(operations).toEqual([...Array(4).fill('editUserMutation'), ...Array(4).fill('userTableQuery')]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('shows an error in place of a page, and another page after it', async () => {
  await using site = await open();
  const { page } = site;
  await page.goto(`${example.printed}/?first=10&after=wrong`);
  await page.getByRole('alert').getByText('after').waitFor();
  await page.goBack();
  expect(await namesAfter(page, [])).toHaveLength(10);
});

it('fits into a window of 400 px', async () => {
  await using site = await open();
  const { page } = site;
  await page.setViewportSize({ width: 400, height: 800 });
  const width = () => page.evaluate('document.documentElement.scrollWidth');
  expect(await width()).toBe(400);
  await follow(page, 'Jasmine Nguyen');
  await page.getByText('Recent events').waitFor();
  expect(await width()).toBe(400);
  expect(await page.getByRole('dialog').evaluate(({ scrollWidth }) => scrollWidth)).toBeLessThanOrEqual(400);
  expect(site.errors).toEqual([]);
});

it('has no type errors, and builds without the key', { timeout: 120_000 }, async () => {
  const build = spawn('npm', ['run', 'build'], { cwd: 'examples/frontend' });
  const [output, errors, [code]] = await Promise.all([text(build.stdout), text(build.stderr), once(build, 'exit')]);
  expect(code, output + errors).toBe(0);
  const files = globSync('examples/frontend/dist/**/*.*').map((file) => readFileSync(file, 'utf8'));
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(files.filter((file) => SECRETS.some((secret) => file.includes(secret)))).toEqual([]);
});

it('names a port that is taken', async () => {
  const firstPort = await freePorts(2);
  const { code, stderr } = await runWithPortTaken(START, firstPort, firstPort + 1);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(new RegExp(`^Cannot listen on port ${firstPort + 1} .+\n$`)),
  ]);
});

it('stops usergraph and Vite', async () => {
  expect(await example.stop()).toBe(0);
  expect([await isAnswering(example.printed), await isAnswering(gateway())]).toEqual([false, false]);
});
