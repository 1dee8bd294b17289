import { getNamedType, isInterfaceType } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scopes as allScopes, type Scope } from '../../src/domain/shared/scopes.ts';
import { servedSchema } from '../../src/federation/subgraph.ts';
import { operations } from '../../src/rest/operations/index.ts';
import { startApp } from '../kit/app.ts';
import { printFigures } from '../kit/figures.ts';
import { inject } from '../kit/rest.ts';
import {
  type BuiltOperation,
  type Depth,
  type GetValue,
  operationOf,
  operationOnPath,
  pathTo,
} from '../kit/strangers/build-operation.ts';
import {
  type AllNames,
  connectionFields,
  coordinates,
  idsOf,
  namesOf,
  namingArguments,
  otherArguments,
  rejectedNames,
} from '../kit/strangers/names.ts';
import { parametersOf, restHeaders, restNaming, restRequest } from '../kit/strangers/rest.ts';
import { rowsOf, seedAll } from '../kit/strangers/seed-all.ts';
import { rootFields, type SchemaField, schemaFields } from '../kit/walk-schema.ts';

/** Numbers that do not occur in ids or instants by chance. */
const OWN = 111_111;
const THEIRS = 222_222;
const MISSING = 333_333;
const own = namesOf(OWN);

let app: Awaited<ReturnType<typeof startApp>>;
let before: string[];
const theirPlace = () => ({ db: app.db, workspaceId: app.stranger.workspaceId });
beforeAll(async () => {
  // A selection of all fields exceeds the limits of a caller.
  app = await startApp({
    limits: { complexity: 1_000_000, aliases: 1_000, rootFields: 1_000, depth: 50, tokens: 10_000 },
  });
  await seedAll(theirPlace(), THEIRS);
});
beforeEach(async () => {
  await putBackOwn();
  before = await rowsOf(theirPlace());
});
afterAll(() => app[Symbol.asyncDispose]());

/** Replaces the caller's workspace by one object of each type. */
async function putBackOwn() {
  for (const table of [
    'users',
    'attribute_declarations',
    'user_deletions',
    'events',
    'lists',
    'segments',
    'segment_definitions',
    'change_consumers',
    'idempotency_keys',
    'transfer_jobs',
  ])
    await app.db.$executeRawUnsafe(`DELETE FROM ${table} WHERE workspace_id = $1::uuid`, app.workspaceId);
  await seedAll(app, OWN);
}

const figures = { operations: 0 };

async function send({ document, variables }: BuiltOperation, caller = app.owner) {
  figures.operations += 1;
  const { status, data, errors } = await app.send(document, variables, caller);
  return { status, data, errors };
}

let fresh = 0;

/** An unused uid. */
function freshUid(): string {
  fresh += 1;
  return `fresh${fresh}`;
}

/** The caller's own values for required arguments; an unused uid for a new user. */
function ownValue(coordinate: string): unknown {
  if (coordinate === 'CreateUserInput.uid' || coordinate === 'UpdateUserInput.uid') return freshUid();
  return namingArguments[coordinate]?.(own)[0] ?? otherArguments[coordinate];
}

/** The required arguments with the caller's own values, and one coordinate with another value. */
function given(tried?: string, value?: unknown): GetValue {
  const required = requiredCoordinates();
  return (coordinate) => {
    if (coordinate === tried) return value;
    if (/\((first)\)$/.test(coordinate)) return 2;
    // An optional object is passed only if it contains the coordinate.
    if (coordinate.endsWith('.device')) return tried?.startsWith('DeviceInput.') ? true : undefined;
    if (/\(orderBy\)$|^UserOrder\.attribute$/.test(coordinate))
      return tried?.startsWith('AttributeOrder.') ? true : undefined;
    return required.has(coordinate) ? ownValue(coordinate) : undefined;
  };
}

/** The coordinates that the schema requires. */
function requiredCoordinates(): Set<string> {
  const ofFields = schemaFields.flatMap(({ coordinate, field }) =>
    field.args.filter(({ type }) => String(type).endsWith('!')).map(({ name }) => `${coordinate}(${name})`),
  );
  const ofInputs = Object.values(servedSchema.getTypeMap()).flatMap((type) =>
    'getFields' in type && !isInterfaceType(type)
      ? Object.values(type.getFields())
          .filter((field) => String(field.type).endsWith('!'))
          .map(({ name }) => `${type.name}.${name}`)
      : [],
  );
  return new Set([...ofFields, ...ofInputs]);
}

/** A response as text, with the names in the request removed. */
const blotted = (answer: unknown, names: AllNames): string =>
  Object.values(names).reduce((text, name) => text.replaceAll(name, '…'), JSON.stringify(answer));

/** The root fields that accept a coordinate, directly or in their input. */
const rootsTaking = (coordinate: string, depth: Depth) =>
  rootFields.filter(({ type, field }) => {
    let taken = false;
    operationOf(
      { type, field },
      (asked) => {
        taken ||= asked === coordinate;
        return true;
      },
      depth,
    );
    return taken;
  });

/** A response without what differs between two requests: new uids, and cursors, which depend on the filter. */
const comparable = (answer: string) =>
  answer.replaceAll(/fresh\d+/g, '…').replaceAll(/(cursor|startCursor|endCursor)":"[\w-]+"/g, '$1":"…"');

/** The root fields to send a coordinate with, and what to select of them. An argument of a nested field needs all of it. */
function rootsFor(coordinate: string): { roots: SchemaField[]; depth: Depth } {
  const direct = rootsTaking(coordinate, 'outcome');
  if (direct.length > 0) return { roots: direct, depth: 'outcome' };
  const queries = rootsTaking(coordinate, 'everything').filter(({ type }) => type.name === 'Query');
  return {
    roots: queries.filter(({ field }) => getNamedType(field.type).name === coordinate.split('.')[0]),
    depth: 'everything',
  };
}

describe('objects of another workspace are indistinguishable from missing ones', () => {
  const cases = coordinates.filter((coordinate) => coordinate in namingArguments);

  it.each(cases)('%s', async (coordinate) => {
    const valuesOf = namingArguments[coordinate] ?? (() => []);
    const { roots, depth } = rootsFor(coordinate);
    expect(roots.length).toBeGreaterThan(0);
    for (const root of roots) {
      for (const place of valuesOf(own).keys()) {
        const ask = async (number: number, selected: Depth) => {
          const names = namesOf(number);
          return blotted(await send(operationOf(root, given(coordinate, valuesOf(names)[place]), selected)), names);
        };
        const outcome = await ask(THEIRS, depth);
        expect(comparable(outcome)).toBe(comparable(await ask(MISSING, depth)));
        expect(outcome).not.toContain('"errors":[');
        const everything = await ask(THEIRS, 'everything');
        if (rejectedNames.has(coordinate)) {
          expect(comparable(everything)).toBe(comparable(await ask(MISSING, 'everything')));
          expect(everything).toContain('"errors":[');
          expect(await ask(OWN, 'everything')).not.toContain('"errors":[');
        } else expect(everything).not.toContain('"errors":[');
        expect(everything).not.toContain(String(THEIRS));
      }
    }
    expect(await rowsOf(theirPlace())).toEqual(before);
  });
});

it('returns no data of another workspace for any field, and selects every field', async () => {
  const selected = new Set<string>();
  for (const root of rootFields) {
    const operation = operationOf(root, given(), 'everything', (coordinate) => selected.add(coordinate));
    const answer = JSON.stringify(await send(operation));
    expect(answer).not.toContain(String(THEIRS));
    expect(answer).not.toContain('"errors":[');
    if (root.type.name === 'Query' && root.field.name !== 'viewer' && root.field.name !== '_service')
      expect(answer, root.coordinate).toContain(String(OWN));
    await putBackOwn();
  }
  expect(schemaFields.map(({ coordinate }) => coordinate).filter((coordinate) => !selected.has(coordinate))).toEqual(
    [],
  );
  expect(await rowsOf(theirPlace())).toEqual(before);
  printFigures('strangers', {
    fields: selected.size,
    arguments: coordinates.length,
    naming: coordinates.filter((c) => c in namingArguments).length,
  });
});

describe('rejects the cursors of another workspace', () => {
  const Cursors = z.object({ edges: z.array(z.object({ cursor: z.string() })).min(1) });

  /** A page of a connection of a root field or of a node. */
  function buildPageOperation(
    { type, field, coordinate }: SchemaField,
    names: AllNames,
    side?: string,
    cursor?: string,
  ): BuiltOperation {
    const of = field.name === 'userChanges' ? `userId: ${JSON.stringify(names.user)}` : '';
    const from = side ? `${side}: ${JSON.stringify(cursor)}` : '';
    const inner = `page: ${field.name}(first: 1 ${of} ${from}) { edges { cursor } }`;
    if (type.name === 'Query') return { document: `{ ${inner} }`, variables: {} };
    const id = idsOf(names)[type.name];
    expect(id, `${coordinate} is a page of a type without a global id`).toBeDefined();
    return { document: `query ($id: ID!) { node(id: $id) { ... on ${type.name} { ${inner} } } }`, variables: { id } };
  }

  // `changes` is no connection; test/api/changes/feed.test.ts sends it the cursor of another workspace.
  const connections = connectionFields.filter(({ coordinate }) => coordinate !== 'Query.changes');

  it.each(connections.map((field) => [field.coordinate, field] as const))('%s', async (_name, field) => {
    const answer = await send(buildPageOperation(field, namesOf(THEIRS)), app.stranger.owner);
    const found = z
      .union([z.object({ page: Cursors }), z.object({ node: z.object({ page: Cursors }) })])
      .parse(answer.data);
    const [edge] = ('page' in found ? found.page : found.node.page).edges;
    for (const side of ['after', 'before']) {
      const { data, errors } = await send(buildPageOperation(field, own, side, edge?.cursor));
      expect(JSON.stringify(data ?? {})).not.toContain('cursor');
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
      expect(
        (await send(buildPageOperation(field, namesOf(THEIRS), side, edge?.cursor))).data ?? {},
      ).not.toHaveProperty('page');
    }
  });
});

/** Keys with every scope except one. */
const callers = new Map<Scope, Promise<string>>();

function without(scope: Scope): Promise<string> {
  const caller = callers.get(scope) ?? app.withScopes(...allScopes.filter((other) => other !== scope));
  callers.set(scope, caller);
  return caller;
}

/** The SQL of a function, without the lookup of the key, which can expire meanwhile. */
async function statementsOf(act: () => Promise<unknown>): Promise<string[]> {
  const statements = await app.statementsOf(act);
  return statements.filter((text) => !/FROM api_keys JOIN workspaces/.test(text));
}

describe('rejects requests without the required scope before any SQL, on every path to a field', () => {
  const guarded = schemaFields.filter(({ scopes }) => scopes.length > 0);

  it.each(guarded.map((field) => [field.coordinate, field] as const))('%s', async (_name, target) => {
    let ways = 0;
    for (const root of rootFields) {
      const way = pathTo(root, target);
      if (!way) continue;
      ways += 1;
      for (const scope of target.scopes) {
        const caller = await without(scope);
        const operation = operationOnPath(way, given());
        let rejection: unknown;
        const statements = await statementsOf(async () => {
          const { status, data, errors } = await send(operation, caller);
          rejection = [root.coordinate, status, data, errors?.map(({ extensions }) => extensions.code)];
        });
        expect(rejection).toEqual([root.coordinate, 403, undefined, ['FORBIDDEN']]);
        expect(statements).toEqual([]);
      }
    }
    expect(ways).toBeGreaterThan(0);
  });

  afterAll(() =>
    printFigures('strangers', {
      'guarded fields': guarded.length,
      connections: connectionFields.length,
      ...figures,
    }),
  );
});

describe('REST', () => {
  const cases = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);

  it.each(cases)('%s answers for objects of another workspace as for missing ones', async (_name, operation) => {
    for (const parameter of parametersOf(operation)) {
      const valuesOf = restNaming[parameter] ?? (() => []);
      for (const place of valuesOf(own).keys()) {
        const ask = async (number: number) => {
          const names = namesOf(number);
          figures.operations += 1;
          const request = restRequest(operation, own, freshUid(), parameter, valuesOf(names)[place]);
          const { status, body } = await inject(app, { ...request, headers: restHeaders(app.owner) });
          const { code, issues } = z.object({ code: z.unknown(), issues: z.unknown() }).partial().parse(body);
          return { outcome: { status, code, issues }, text: blotted(body, names) };
        };
        const theirs = await ask(THEIRS);
        expect(theirs.outcome).toEqual((await ask(MISSING)).outcome);
        expect(theirs.text).not.toContain(String(THEIRS));
      }
    }
    expect(await rowsOf(theirPlace())).toEqual(before);
  });

  it.each(cases)('%s is rejected before any SQL without its scope', async (_name, operation) => {
    const headers = restHeaders(await without(operation.scope));
    let rejection: unknown;
    const statements = await statementsOf(async () => {
      const { status, body } = await inject(app, { ...restRequest(operation, own, freshUid()), headers });
      rejection = { status, body };
    });
    expect(rejection).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(statements).toEqual([]);
  });

  it('rejects the cursors of another workspace', async () => {
    const page = (query: string, caller: string) =>
      inject(app, { method: 'GET', url: `/v1/users?${query}`, headers: restHeaders(caller) });
    const { body } = await page('limit=1', app.stranger.owner);
    const { next_cursor: cursor } = z.object({ next_cursor: z.string() }).parse(body);
    for (const side of ['next_cursor', 'previous_cursor'])
      expect(await page(`${side}=${cursor}`, app.owner)).toMatchObject({ status: 400 });
  });
});
