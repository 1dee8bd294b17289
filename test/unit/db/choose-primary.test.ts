import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/index.ts';
import { choosePrimary } from '../../../src/db/servers/choose-primary.ts';

const primary = (timeline: number, systemId = 'ours') => ({ isWritable: true, systemId, timeline });
const standby = { isWritable: false, systemId: 'ours', timeline: 0 };
const accepted = { index: 0, systemId: 'ours', timeline: 2 };

describe('the choice of the primary', () => {
  it.each([
    ['stays with the primary', [primary(2), standby], 0],
    ['follows a promotion', [undefined, primary(3)], 1],
    ['prefers the highest timeline', [primary(2), primary(3), primary(4)], 2],
    ['prefers the current one of equals', [primary(3), primary(3)], 0],
    ['finds none among standbys', [undefined, standby], undefined],
    ['rejects a former primary that returns', [undefined, primary(1)], undefined],
    ['rejects another cluster', [undefined, primary(9, 'other')], undefined],
  ])('%s', (_name, states, index) => {
    expect(choosePrimary(states, accepted)).toBe(index);
  });
});

describe('addresses', () => {
  const urlsOf = (env: Record<string, string>) => readConfig(env).databaseUrls;

  it('reads several hosts in one URL', () => {
    expect(urlsOf({ DATABASE_URL: 'postgres://u:p@h1:5433,h2,[::1]:5/db?sslmode=verify-full' })).toEqual([
      'postgres://u:p@h1:5433/db?sslmode=verify-full',
      'postgres://u:p@h2/db?sslmode=verify-full',
      'postgres://u:p@[::1]:5/db?sslmode=verify-full',
    ]);
  });

  it('reads a list of URLs, whose passwords can contain commas', () => {
    expect(urlsOf({ DATABASE_URLS: 'postgres://u:p,q@h1/db, postgresql://u@h2,h3/db' })).toEqual([
      'postgres://u:p,q@h1/db',
      'postgresql://u@h2/db',
      'postgresql://u@h3/db',
    ]);
  });

  it('rejects an invalid address without repeating its password', () => {
    const read = () => urlsOf({ DATABASE_URLS: 'postgres://u:hidden@h1/db,mysql://u:hidden@h2/db' });
    expect(read).toThrow(/DATABASE_URLS: must be a URL such as \S+$/);
    expect(read).not.toThrow(/hidden/);
  });

  it('rejects both variables', () => {
    const url = 'postgres://localhost/db';
    expect(() => readConfig({ DATABASE_URL: url, DATABASE_URLS: url })).toThrow(
      /DATABASE_URLS: must not be set if DATABASE_URL is/,
    );
  });
});
