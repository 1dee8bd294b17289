import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { sendEvent } from '../../kit/raw-event.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await addUser(app, { uid: 'u144' });
});

describe('the name of an event', () => {
  it('has up to 255 characters, regardless of bytes', async () => {
    const name = '😀'.repeat(255);
    expect(await app.run(AddEvent, { input: { uid: 'u144', name } })).toMatchObject({ addEvent: { event: { name } } });
  });

  it.each([
    ['empty', '', 'TOO_SHORT'],
    ['longer than 255 characters', '😀'.repeat(256), 'TOO_LONG'],
  ])('is not %s', async (_what, name, code) => {
    expect(await app.run(AddEvent, { input: { uid: 'u144', name } })).toMatchObject({
      addEvent: { issues: [{ path: ['name'], code }] },
    });
    expect(await app.db.event.count()).toBe(0);
  });
});

describe('the value of an event', () => {
  it.each(['{}', '[]', '["a"]'])('is not %s', async (value) => {
    expect(await sendEvent(app, { value })).toMatchObject({
      errors: [{ message: expect.stringContaining('value'), extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(await app.db.event.count()).toBe(0);
  });

  it.each(['1e999', '-1e999', '9007199254740992', '1e20'])('is not the number %s', async (value) => {
    expect(await sendEvent(app, { value })).toMatchObject({
      data: { addEvent: { issues: [{ path: ['value'], code: 'UNSAFE_NUMBER' }] } },
    });
    expect(await app.db.event.count()).toBe(0);
  });

  it('is absent if it is null', async () => {
    expect(await sendEvent(app, { value: 'null' })).toHaveProperty('data.addEvent.__typename', 'AddEventPayload');
    expect(await app.db.event.findMany({ select: { value: true } })).toEqual([{ value: null }]);
  });
});
