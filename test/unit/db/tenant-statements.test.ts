import { describe, expect, it } from 'vitest';
import { itFinds } from '../../kit/findings.ts';
import { namesWorkspace, referencesWithoutWorkspace } from '../../kit/tenant-statements.ts';

describe('the check that a statement names its workspace', () => {
  itFinds(
    referencesWithoutWorkspace,
    [
      'SELECT 1',
      'SELECT * FROM users WHERE workspace_id = $1::uuid AND uid = $2',
      'SELECT * FROM "users" AS u WHERE u."workspace_id" = $1',
      'SELECT * FROM users JOIN devices ON devices.workspace_id = $1 AND devices.user_id = users.id WHERE users.workspace_id = $1',
      'WITH owner AS (SELECT id FROM users WHERE (workspace_id = $1) FOR UPDATE) SELECT * FROM owner',
      'INSERT INTO lists (workspace_id, id) VALUES ($1, $2) ON CONFLICT (workspace_id, id) DO UPDATE SET id = $2',
      'INSERT INTO lists (workspace_id, id) SELECT $1::uuid, id FROM input',
      'UPDATE users SET uid = $2 FROM input WHERE workspace_id = $1 AND users.id = input.id',
      'DELETE FROM users WHERE workspace_id = $1',
      "SELECT 'x FROM users' -- FROM users",
      'SELECT id FROM users WHERE workspace_id = $1 UNION ALL SELECT id FROM lists WHERE workspace_id = $1',
    ],
    [
      ['SELECT * FROM users', ['users']],
      ['SELECT * FROM users WHERE id = $1', ['users']],
      ['SELECT * FROM users, lists WHERE users.workspace_id = $1', ['lists']],
      ['SELECT * FROM users JOIN devices USING (workspace_id) WHERE users.workspace_id = $1', ['devices']],
      [
        'SELECT * FROM users u JOIN devices d ON d.workspace_id = u.workspace_id WHERE u.workspace_id = $1',
        ['devices AS d'],
      ],
      ['SELECT * FROM unnest($1) AS p(id) JOIN users ON users.workspace_id = p.id', ['users']],
      ['SELECT (SELECT count(*) FROM events) FROM users WHERE workspace_id = $1', ['events']],
      [
        'WITH a AS (SELECT $1 AS workspace_id) INSERT INTO lists (workspace_id, id) SELECT workspace_id, $2 FROM a',
        ['lists'],
      ],
      ['INSERT INTO lists (id, workspace_id) VALUES ($1, $2)', ['lists']],
      ['UPDATE users SET workspace_id = $1 WHERE id = $2', ['users']],
      ['SELECT * FROM users WHERE id = $2 OR workspace_id = $1', ['users']],
      ['SELECT id FROM users WHERE workspace_id = $1 UNION ALL SELECT id FROM lists', ['lists']],
      ['DELETE FROM events USING users WHERE users.workspace_id = $1', ['events']],
    ],
  );
});

it.each([
  ['/* readUsers */ SELECT FROM users WHERE workspace_id = $1', true],
  ['/* readUsers */ SELECT FROM users', false],
  ['/* readUsers */ SELECT FROM users, lists WHERE users.workspace_id = $1', false],
  ['/* lockKeys */ SELECT pg_advisory_xact_lock($1)', false],
  ['/* begin */ BEGIN', true],
  ['/* countPoints */ INSERT INTO rate_limit_points (key) VALUES ($1)', true],
  ['/* readIndexStates */ SELECT FROM pg_index JOIN pg_class ON true', true],
])('knows whether a statement names its workspace: %s', (text, isRouted) => {
  expect(namesWorkspace(text)).toBe(isRouted);
});
