import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInstalled } from '../../kit/installed.ts';

const UNIT = 'usergraph.service';
const unit = readFileSync(`deploy/systemd/${UNIT}`, 'utf8');
const settingOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

/** The largest value of DRAIN_MS, and the time that in-flight requests have, in seconds. */
const MAX_STOP_SECONDS = 60 + 5;

it('gives the gateway the time that it needs to stop', () => {
  expect(Number(settingOf('TimeoutStopSec'))).toBeGreaterThan(MAX_STOP_SECONDS);
});

it('documents environment files that a shell can read: with URLs in quotes', () => {
  const url = 'postgres://user:password@host/usergraph?sslmode=verify-full&sslrootcert=/ca.crt';
  const pages = ['deploy/systemd/usergraph.service', ...globSync('{README,CONTRIBUTING,docs/*}.md')];
  const assignments = pages.flatMap(
    (page) => readFileSync(page, 'utf8').match(/\bDATABASE_(?:DIRECT_)?URL=\S*postgres\S+/g) ?? [],
  );
  expect(assignments.length).toBeGreaterThan(3);
  for (const assignment of assignments) {
    const written = assignment.replace(/postgres:[^'"`]+/, url).replace(/["`]$/, '');
    const name = written.split('=')[0];
    const { stdout } = spawnSync('sh', ['-c', `${written}\nprintf %s "$${name}"`], { encoding: 'utf8' });
    expect(stdout, assignment).toBe(url);
  }
});

const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
};

describe.runIf(checkInstalled('systemd-analyze', analyze('--version').status === 0))('systemd-analyze', () => {
  let root = '';
  beforeAll(() => {
    // A root with the files to which the unit refers. The units of the machine are none of this test's business.
    root = mkdtempSync(join(tmpdir(), 'usergraph-systemd-'));
    const write = (path: string, content: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    };
    write('usr/bin/node', '');
    chmodSync(join(root, 'usr/bin/node'), 0o755);
    for (const target of ['sysinit', 'basic', 'shutdown', 'multi-user', 'network-online']) {
      write(`usr/lib/systemd/system/${target}.target`, `[Unit]\nDescription=${target}\n`);
    }
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
    cpSync(`deploy/systemd/${UNIT}`, join(root, 'etc/systemd/system', UNIT));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('finds nothing wrong', () => {
    expect(analyze('verify', '--man=no', `--root=${root}`, UNIT)).toEqual({ status: 0, output: '' });
  });

  it('rejects a unit with a misspelled setting', () => {
    const path = join(root, 'etc/systemd/system/misspelled.service');
    writeFileSync(path, unit.replace('NoNewPrivileges', 'NoNewPrivilege'));
    expect(analyze('verify', '--man=no', `--root=${root}`, 'misspelled.service').output).toContain('NoNewPrivilege');
  });

  it('rates its exposure as low', () => {
    const report = execFileSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', `--root=${root}`, UNIT],
      {
        encoding: 'utf8',
      },
    );
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(report) ?? [];
    expect(Number(exposure), report).toBeLessThan(2);
  });
});
