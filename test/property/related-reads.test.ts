import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { type Choices, choicesOf } from '../kit/choices.ts';
import { rowGlobalId, seedDevices, seedEvents, seedListMembers, seedUsers } from '../kit/seed-rows.ts';
import { casesOf } from '../kit/test-size.ts';

const USERS = 6;

let app: Awaited<ReturnType<typeof startApp>>;
/** The cursor of a user in the middle. */
let cursor = '';
beforeAll(async () => {
  app = await startApp({
    compileAfter: 5,
    limits: { directives: 10_000, aliases: 10_000, complexity: 1_000_000 },
  });
  await seedListMembers(app, 1, [1, 2, 3, 4]);
  await seedUsers(app, [5, 6]);
  for (const user of [1, 2, 4]) {
    await seedDevices(app, [user]);
    await seedEvents(app, user, [user * 10, user * 10 + 1, user * 10 + 2]);
  }
  // Users of another workspace have the same ids.
  const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
  await seedUsers(stranger, [1, 5]);
  await seedDevices(stranger, [1, 5]);
  const { data } = await sendOnce('{ users(first: 3) { pageInfo { endCursor } } }');
  cursor = data.users.pageInfo.endCursor;
});
afterAll(() => app[Symbol.asyncDispose]());

/** Replaced by nothing, or by a directive that keeps a field out of the statement of its user. */
const MARK = '#';

/** A selection of a user, with fields that the statement of the user can read. @param depth how far users are nested. */
function userSelection(choices: Choices, depth: number): string {
  const { below, of, percent } = choices;
  const pageArguments = () =>
    of([
      '',
      '(first: 2)',
      '(last: 2)',
      '(first: $two)',
      '(first: 0)',
      '(first: $null)',
      '(where: { name: "Paid" }, first: 1)',
    ]);
  const event = () => {
    const user = depth > 0 && percent(30) ? ` user { ${userSelection(choices, depth - 1)} }` : '';
    return `${of(['id', 'name value', 'name timestamp', 'properties'])}${user}`;
  };
  const connection = () =>
    [
      `nodes { ${event()} }`,
      `edges { cursor node { ${event()} } }`,
      `edges { cursor } nodes { ${event()} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`,
      'pageInfo { hasNextPage }',
      'totalCount',
    ][below(5)];
  const alias = () => of(['', '', 'a: ', 'b: ']);
  const fields = [
    () => 'uid',
    () => 'id email createdAt',
    () => `${alias()}devices ${MARK} { ${of(['token', 'id platform', 'lastSeenAt', '__typename'])} }`,
    () => `${alias()}events${pageArguments()} ${MARK} { ${connection()} }`,
    () => `... on User { devices ${MARK} { platform } events ${MARK} { nodes { id } } }`,
    () => '...Devices',
  ];
  return Array.from({ length: 1 + below(4) }, () => of(fields)()).join(' ');
}

/** A query of users. It can be invalid: the same fields with different arguments. */
function someQuery(choices: Choices): string {
  const { below, of } = choices;
  const selection = () => userSelection(choices, 1);
  const roots = [
    () => `user(uid: "u${1 + below(USERS + 1)}") { ${selection()} }`,
    () => `node(id: "${rowGlobalId('User', 1 + below(USERS + 1))}") { ... on User { ${selection()} } }`,
    () =>
      `users${of(['', '(first: 3)', '(last: 2)', '(first: $two)'])} { nodes { ${selection()} } pageInfo { hasNextPage } }`,
    () => `users(first: 4) { edges { cursor node { ${selection()} } } nodes { ${selection()} } }`,
    () => `list(id: "${rowGlobalId('List', 1)}") { members(first: 2) { nodes { ${selection()} } } }`,
    () => `users(first: 3, after: "${cursor}") { edges { node { ${selection()} } } pageInfo { hasPreviousPage } }`,
    () => `users(last: 3, before: "${cursor}") { nodes { ${selection()} } }`,
    () => `event(id: "${rowGlobalId('Event', 10)}") { user { ${selection()} } }`,
  ];
  const fields = Array.from({ length: 1 + below(2) }, (_, place) => `r${place}: ${of(roots)()}`);
  const selected = fields.join(' ');
  const variables = ['$two: Int = 2', '$null: Int'].filter((declared) =>
    selected.includes(declared.split(':')[0] ?? ''),
  );
  const fragment = selected.includes('...Devices') ? `fragment Devices on User { devices ${MARK} { token } }` : '';
  return `query ${variables.length > 0 ? `(${variables.join()})` : ''} { ${selected} } ${fragment}`;
}

/**
 * The result of a query. The order of its errors depends on which statement ends first, so that they are sorted. If the whole data is
 * null, that also decides which of several root fields are reported, so that each error is listed once, without its path.
 */
async function sendOnce(query: string) {
  const headers = { 'content-type': 'application/json', authorization: app.owner, 'x-request-id': 'same' };
  const { payload } = await app.app.inject({
    method: 'POST',
    url: '/graphql',
    headers,
    payload: JSON.stringify({ query }),
  });
  const { data, errors = [] } = JSON.parse(payload);
  const texts: string[] = errors.map(({ locations: _, path, ...error }: { locations: unknown; path: unknown }) =>
    JSON.stringify(data === null ? error : { ...error, path }),
  );
  const sorted = (data === null ? [...new Set(texts)] : texts).toSorted().map((text): object => JSON.parse(text));
  return { data, errors: sorted };
}

describe('A query that reads users and related rows with one statement', () => {
  it('has the same result and errors as with a statement for each field', {
    timeout: 600_000,
  }, async () => {
    const send = async (query: string, times = 1) => {
      let result: Awaited<ReturnType<typeof sendOnce>> | undefined;
      const statements = await app.statementsOf(async () => {
        for (let time = 0; time < times; time += 1) result = await sendOnce(query);
      });
      return { result, statements: statements.length / times };
    };
    const cases = casesOf(5_000);
    let [together, apart, valid, failed] = [0, 0, 0, 0];
    for (let seed = 1; seed <= cases; seed += 1) {
      const query = someQuery(choicesOf(seed));
      // A query that has been sent five times is compiled.
      const one = await send(query.replaceAll(MARK, ''), seed % 20 === 0 ? 7 : 1);
      const other = await send(query.replaceAll(MARK, '@include(if: true)'));
      expect({ seed, query, ...one.result }).toEqual({ seed, query, ...other.result });
      together += one.statements;
      apart += other.statements;
      if (one.result?.errors.length === 0) valid += 1;
      else if (one.result?.data) failed += 1;
    }
    expect(together).toBeLessThan(0.85 * apart);
    expect(valid).toBeGreaterThan(cases / 4);
    expect(failed).toBeGreaterThan(cases / 200);
  });
});
