import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { isUnavailable } from '../../../src/db/errors.ts';
import { countInPostgres } from '../../../src/http/limits/postgres-rate-counter.ts';
import { startApp } from '../../kit/app.ts';
import { createDatabase } from '../../kit/database.ts';

const limited = { left: 0, seconds: 60, refused: true };

it('counts for all gateways on a database together, each key by itself', async () => {
  await using database = await createDatabase();
  await using other = { db: openDatabase(database.connection), [Symbol.asyncDispose]: () => other.db.$disconnect() };
  const [here, there] = [countInPostgres(database.db), countInPostgres(other.db)];
  expect(await here('a', 2, 5)).toEqual({ left: 3, seconds: 60, refused: false });
  expect(await there('a', 3, 5)).toEqual({ left: 0, seconds: expect.closeTo(60, -1), refused: false });
  expect(await here('a', 1, 5)).toEqual({ ...limited, seconds: expect.closeTo(60, -1) });
  // What was refused cost nothing.
  expect(await there('a', 1, 6)).toMatchObject({ left: 0, refused: false });
  expect(await there('b', 1, 5)).toMatchObject({ left: 4, refused: false });
});

it('gives no more than there is to requests at once, and gives anew after a minute', async () => {
  await using database = await createDatabase();
  const counter = countInPostgres(database.db);
  const balances = await Promise.all(Array.from({ length: 30 }, () => counter('a', 1, 10)));
  expect(balances.filter(({ refused }) => !refused)).toHaveLength(10);
  await database.db.$executeRaw`UPDATE rate_limit_points SET expire = expire - 60000`;
  expect(await counter('a', 1, 10)).toMatchObject({ left: 9, refused: false });
});

it('works behind a pooler that keeps no prepared statements, and with the longest subject of a token', async () => {
  await using database = await createDatabase();
  const counter = countInPostgres({ pool: database.db.pool, prepared: false });
  expect(await counter(`token ${'ü'.repeat(300)}`, 1, 2)).toMatchObject({ left: 1 });
  expect(await database.db.$queryRaw`SELECT 1 FROM pg_prepared_statements WHERE statement LIKE '%rate_limit%'`).toEqual(
    [],
  );
});

it('limits at the doors', async () => {
  await using database = await createDatabase();
  await using app = await startApp({
    rateLimits: { secret: 3, publicKey: 0 },
    counter: countInPostgres(database.db),
  });
  const ask = async () => (await app.send('mutation { updateUser(input: { uid: "u1" }) { __typename } }')).status;
  expect([await ask(), await ask()]).toEqual([200, 429]);
});

it('fails as unavailable, and at once, where the database cannot be reached', async () => {
  await using nowhere = {
    db: openDatabase({ host: '127.0.0.1', port: 1 }),
    [Symbol.asyncDispose]: () => nowhere.db.$disconnect(),
  };
  const counter = countInPostgres(nowhere.db);
  const failure = await counter('a', 1, 10).catch((error: unknown) => error);
  expect(isUnavailable(failure)).toBe(true);
  await using app = await startApp({ rateLimits: { secret: 3, publicKey: 0 }, counter });
  const { status, headers, errors } = await app.send('{ viewer { keyId } }');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
});
