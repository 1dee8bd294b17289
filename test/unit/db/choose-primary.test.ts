import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/index.ts';
import { choosePrimary, type ServerState } from '../../../src/db/servers/choose-primary.ts';

const ours = { systemId: 'ours', database: 'usergraph' };
let started = 0;
const server = (more: Partial<ServerState>): ServerState => {
  started += 1;
  return { ...ours, isWritable: true, timeline: 2, instance: String(started), ...more };
};
const primary = (timeline: number) => server({ timeline });
const standby = (timeline = 0) => server({ isWritable: false, timeline });
const accepted = { ...ours, index: 0, timeline: 2, acceptedTimeline: 2 };

describe('the choice of the primary', () => {
  it.each([
    ['stays with the primary', [primary(2), standby()], { index: 0 }],
    ['follows a promotion', [undefined, primary(3)], { index: 1 }],
    ['prefers the highest timeline', [primary(2), primary(3), primary(4)], { index: 2 }],
    ['prefers the accepted one of its timeline', [primary(2), primary(2)], { index: 0 }],
    ['finds none among standbys', [undefined, standby()], {}],
    ['rejects a former primary that returns', [undefined, primary(1)], {}],
    ['rejects a former primary after a promotion that only a standby tells of', [primary(2), standby(3)], {}],
    [
      'knows no primary after two promotions to one timeline',
      [undefined, primary(3), primary(3)],
      { conflicting: [1, 2] },
    ],
    ['also if one of them is the former primary', [primary(3), primary(3)], { conflicting: [0, 1] }],
    ['accepts several URLs of one server', [undefined, ...Array(2).fill(server({ timeline: 3 }))], { index: 1 }],
    ['rejects another cluster', [undefined, server({ timeline: 9, systemId: 'other' })], {}],
    [
      'ignores the timelines of another cluster',
      [primary(2), server({ timeline: 9, systemId: 'other' })],
      { index: 0 },
    ],
    ['rejects another database', [undefined, server({ timeline: 3, database: 'other' })], {}],
  ])('%s', (_name, states, chosen) => {
    const { index, conflicting } = choosePrimary(states, accepted);
    expect({ index, conflicting }).toEqual({ index: undefined, conflicting: [], ...chosen });
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

  it('rejects the only address of a list without a number', () => {
    expect(() => urlsOf({ DATABASE_URLS: 'h1' })).toThrow(/DATABASE_URLS: must be a URL such as \S+$/);
  });

  it('rejects an invalid address without repeating its password', () => {
    const read = () => urlsOf({ DATABASE_URLS: 'postgres://u:hidden@h1/db,mysql://u:hidden@h2/db' });
    expect(read).toThrow(/DATABASE_URLS: entry 2 must be a URL such as \S+$/);
    expect(read).not.toThrow(/hidden/);
  });

  it('rejects both variables', () => {
    const url = 'postgres://localhost/db';
    expect(() => readConfig({ DATABASE_URL: url, DATABASE_URLS: url })).toThrow(
      /DATABASE_URLS: must not be set if DATABASE_URL is/,
    );
  });
});
