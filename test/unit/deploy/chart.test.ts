import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const read = (path: string) => readFileSync(path, 'utf8');
const values = z
  .object({ migrations: z.object({ activeDeadlineSeconds: z.number() }) })
  .parse(parse(read('deploy/helm/usergraph/values.yaml')));

/** The commands of a text that install or upgrade a release, with their continued lines. */
const commandsIn = (text: string) => text.match(/helm (?:install|upgrade) (?:.*\\\n)*.*/g) ?? [];

it('lets Helm wait for as long as a migration may take', () => {
  const commands = commandsIn(read('docs/deployment.md'));
  expect(commands).toHaveLength(2);
  for (const command of commands) {
    const [, minutes] = /--timeout (\d+)m/.exec(command) ?? [];
    expect(Number(minutes) * 60, command).toBeGreaterThan(values.migrations.activeDeadlineSeconds);
  }
  const notes = commandsIn(read('deploy/helm/usergraph/templates/NOTES.txt'));
  expect(notes).toHaveLength(1);
  for (const command of notes) expect(command).toMatch(/--timeout \{\{ .*activeDeadlineSeconds.* \}\}s/);
});
