import { describe, expect, it } from 'vitest';
import {
  callOf,
  literalTextOf,
  parseRecord,
  shardTextOf,
  workspaceParameterOf,
} from '../../../src/db/distribution/routed-statement.ts';
import { splitStatements } from '../../../src/db/migrations/split-statements.ts';

describe('workspaceParameterOf', () => {
  it.each([
    ['SELECT FROM users WHERE users.workspace_id = $2::uuid AND id = $1', 1],
    ['UPDATE "public"."users" SET "uid" = $1 WHERE ("public"."users"."workspace_id" = $3 AND 1=1)', 2],
    ['INSERT INTO changes (workspace_id, at) SELECT $1::uuid, now()', 0],
    ['INSERT INTO "public"."users" ("id","workspace_id","uid") VALUES ($1,$2,$3), ($4,$5,$6)', 1],
    ['WITH input AS (SELECT 1) INSERT INTO lists AS list (workspace_id, id) VALUES ($4, $1)', 3],
    ['SELECT FROM api_keys WHERE public_key = $1', undefined],
    ['SELECT FROM users JOIN devices ON devices.workspace_id = users.workspace_id', undefined],
    ['INSERT INTO rate_limit_points (key) VALUES ($1)', undefined],
  ])('%s', (text, place) => {
    expect(workspaceParameterOf(text)).toBe(place);
  });
});

it('takes parameters from an array of texts, and tables from the search path', () => {
  expect(shardTextOf('SELECT $2 FROM "public"."users" WHERE id = $1::uuid', ['uuid', 'text[]'])).toBe(
    'SELECT ($1[2])::text[] FROM "users" WHERE id = ($1[1])::uuid::uuid',
  );
});

it('writes the parameters of long statements as literals', () => {
  expect(literalTextOf(shardTextOf('VALUES ($1, $2, $3)', ['text', 'text', 'int']), ["O'Neil\\", null, '1'])).toBe(
    "VALUES ( E'O''Neil\\\\'::text, NULL::text, '1'::int)",
  );
});

it('keeps the label of a statement', () => {
  expect(callOf('/* readUsers */ SELECT 1')).toMatch(/^\/\* readUsers \*\/ SELECT \* FROM public\.usergraph_run\(/);
});

describe('parseRecord', () => {
  it.each<[string, (string | null)[]]>([
    ['()', []],
    ['()', [null]],
    ['("")', ['']],
    ['(a)', ['a']],
    ['(,)', [null, null]],
    ['(a,,"")', ['a', null, '']],
    ['("a, ""b""","c\\\\d",e)', ['a, "b"', 'c\\d', 'e']],
    ['("",x,"""")', ['', 'x', '"']],
    ['(x,"(1,""a b"")",)', ['x', '(1,"a b")', null]],
  ])('%s', (text, values) => {
    expect(parseRecord(text, values.length)).toEqual(values);
  });
});

it('splits scripts into statements', () => {
  const script = `-- One; two.
    CREATE TABLE "a;b" (c TEXT DEFAULT ';''x');
    CREATE FUNCTION f() AS $body$ BEGIN; $$;$$ END; $body$;
    /* ; */ SELECT $1 / 2 - 1;`;
  expect(splitStatements(script)).toEqual([
    `CREATE TABLE "a;b" (c TEXT DEFAULT ';''x')`,
    'CREATE FUNCTION f() AS $body$ BEGIN; $$;$$ END; $body$',
    'SELECT $1 / 2 - 1',
  ]);
});
