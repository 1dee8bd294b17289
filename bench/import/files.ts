import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SCATTER_STRIDE } from '../database/fill.ts';
import type { ImportSizes } from './options.ts';

/** Lines that are written to a file at once. */
const LINES_PER_CHUNK = 1_000;

/** The files of a run. */
export interface GeneratedFiles {
  /** CSV: people with eight attributes each. */
  users: string;
  /** NDJSON: events of these people, scattered over them. */
  events: string;
}

/** Writes the files that a run imports; the same in every run. */
export async function generateFiles(
  directory: string,
  { users, events }: Pick<ImportSizes, 'users' | 'events'>,
): Promise<GeneratedFiles> {
  const files = { users: join(directory, 'users.csv'), events: join(directory, 'events.ndjson') };
  await writeLines(files.users, users, userLine, USER_HEADER);
  await writeLines(files.events, events, (number) => eventLine(number, users));
  return files;
}

/** The uid of a user of the files. @param number from 1. */
export const uidOf = (number: number) => `u${number}`;

/** The eight attributes of a user. */
export const attributesOf = (number: number) => ({
  plan: ['free', 'pro', 'team'][number % 3] ?? '',
  age: 18 + (number % 60),
  city: ['Lagos', 'Lyon', 'Lima', 'Leeds'][number % 4] ?? '',
  company: `Company ${number % 5_000}`,
  source: ['organic', 'referral', 'ads', 'partner'][(number >> 2) % 4] ?? '',
  score: (number % 100_000) / 10,
  newsletter: number % 2 === 0,
  reference: `R-${number.toString(16)}`,
});

const attributeNames = Object.keys(attributesOf(1));

const USER_HEADER = ['uid', 'firstName', 'lastName', 'email', 'number', 'createdAt']
  .concat(attributeNames.map((name) => `meta.${name}`))
  .join(',');

/** Users signed up, and events happened, in 2025. */
const START = Date.UTC(2025, 0, 1);
const YEAR_MS = 31_536_000_000;

const instantOf = (number: number) => new Date(START + ((number * 7_919_000) % YEAR_MS)).toISOString();

function userLine(number: number): string {
  const firstName = ['Ada', 'Théo', 'Ngozi', 'Inés', 'Kofi'][number % 5];
  const lastName = ['Obi', 'Roux', 'Diaz', 'Hart'][number % 4];
  const phone = `+23480${String(number).padStart(8, '0')}`;
  const fields = [uidOf(number), firstName, lastName, `user${number}@example.com`, phone, instantOf(number)];
  return [...fields, ...Object.values(attributesOf(number))].join(',');
}

/** The fields of an event of the files. @param users of whom one has the event. */
export const eventOf = (number: number, users: number) => ({
  uid: uidOf(1 + ((number * SCATTER_STRIDE) % users)),
  name: ['Opened app', 'Viewed product', 'Add to cart', 'Paid'][number % 4] ?? '',
  value: number % 100,
  properties: { product: `C${number % 1_000}`, amount: (number % 10_000) / 100, currency: 'EUR' },
  timestamp: instantOf(number),
});

const eventLine = (number: number, users: number) => JSON.stringify(eventOf(number, users));

async function writeLines(path: string, count: number, lineOf: (number: number) => string, header?: string) {
  function* chunks() {
    if (header !== undefined) yield `${header}\n`;
    for (let from = 1; from <= count; from += LINES_PER_CHUNK) {
      const size = Math.min(LINES_PER_CHUNK, count - from + 1);
      yield Array.from({ length: size }, (_, place) => `${lineOf(from + place)}\n`).join('');
    }
  }
  await pipeline(Readable.from(chunks()), createWriteStream(path));
}
