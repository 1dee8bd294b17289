import { Prisma } from '../../db/generated/client.ts';
import { MAX_SEARCH_LENGTH, MAX_SEARCH_WORDS } from '../shared/limits.ts';
import { text } from '../shared/text.ts';
import { type Condition, hasRows, type SqlScope } from './filter/condition.ts';
import type { User } from './user.ts';
import { wordsOf } from './words.ts';

/** The search of an input. A text without letters and digits matches everybody: a frontend can pass what is in its search field. */
export const userSearch = text(0, MAX_SEARCH_LENGTH).refine((value) => searchWords(value).length <= MAX_SEARCH_WORDS, {
  params: { code: 'TOO_MANY' },
  error: ({ input }) => `must have at most ${MAX_SEARCH_WORDS} words; got ${searchWords(String(input)).length}`,
});

/** A phone number in international format. */
const PHONE_NUMBER = /^\s*\+[\d\s().\-/]*$/;

/** The words of a search, each once. The digits of a phone number with a + are one word, however they are grouped. */
export function searchWords(search: string): string[] {
  const words = wordsOf(search);
  return PHONE_NUMBER.test(search) && words.length > 0 ? [words.join('')] : [...new Set(words)];
}

/** Shorter runs of digits are found at the beginning of a phone number only. */
const MIN_RUN_LENGTH = 3;

const isRun = (word: string) => word.length >= MIN_RUN_LENGTH && /^[0-9]+$/.test(word);

const digitsOf = (number: string | null) => (number ?? '').replaceAll(/[^0-9]/g, '');

/** The words that find a user, as the trigger on users stores them. */
function wordsOfUser({ firstName, lastName, uid, email, number }: User): Set<string> {
  const names = [firstName, lastName, uid, email].filter((name) => name !== null).join(' ');
  const digits = digitsOf(number);
  return new Set([...wordsOf(names), ...(digits === '' ? [] : [digits])]);
}

/** The fields of a user that a search reads. */
const searchedFields = ['firstName', 'lastName', 'uid', 'email', 'number'] as const;

/** What a user is searched for. */
export interface Search {
  /** Holds if each word of the search is the beginning of a word of the user, or a run of digits of the phone number. */
  condition: Condition;
  /** SQL of whether each word of the search is a whole word of the user, or of the negation. */
  isExact(workspaceId: string, isNegated: boolean): Prisma.Sql;
  /** The same in memory. */
  isExactFor(user: User): boolean;
}

/** Converts a search. @returns undefined if it matches everybody. */
export function toSearch(search: string | null | undefined): Search | undefined {
  const words = searchWords(search ?? '');
  if (words.length === 0) return undefined;
  const isBeginning = (word: string, stored: Iterable<string>) => [...stored].some((each) => each.startsWith(word));
  return {
    condition: {
      sql: (scope, isNegated) => hasRows(scope, isNegated, matchingRows(scope, words), Prisma.sql`user_words.user_id`),
      access: 'index',
      holds: ({ user }) => {
        const stored = wordsOfUser(user);
        const digits = digitsOf(user.number);
        return words.every((word) => isBeginning(word, stored) || (isRun(word) && digits.includes(word)));
      },
      phrase: () => `matches the search ${JSON.stringify(search)}`,
      dependencies: () => searchedFields.map((field) => ({ kind: 'field', field })),
    },
    isExact: (workspaceId, isNegated) => {
      const rows = rowsWith(workspaceId, words.map((word) => lexeme(workspaceId, word)).join(' & '));
      return isNegated
        ? Prisma.sql`(SELECT true ${rows} LIMIT 1) IS NULL`
        : Prisma.sql`EXISTS (SELECT ${rows})`;
    },
    isExactFor: (user) => {
      const stored = wordsOfUser(user);
      return words.every((word) => stored.has(word));
    },
  };
}

/** A lexeme in a query. As in the function `user_lexemes` of the migrations, it starts with the last digits of the workspace's id. */
const lexeme = (workspaceId: string, word: string) => `'${workspaceId.slice(-6)}${word}'`;

const rowsWith = (workspaceId: string, query: string) => Prisma.sql`FROM user_words
  WHERE user_words.workspace_id = ${workspaceId}::uuid AND user_words.user_id = users.id AND user_words.words @@ ${query}::tsquery`;

/** FROM and WHERE of the words of the user `users.id`, if they match. */
function matchingRows({ workspaceId }: SqlScope, words: readonly string[]): Prisma.Sql {
  const beginning = (word: string) => `${lexeme(workspaceId, word)}:*`;
  const query = words.map((word) => (isRun(word) ? `(${beginning(word)} | ${runQuery(workspaceId, word)})` : beginning(word)));
  // A number that has all runs of three digits need not have them in this order.
  const checks = words
    .filter((word) => isRun(word) && word.length > MIN_RUN_LENGTH)
    .map((word) => Prisma.sql`AND (users.number LIKE ${`%${word}%`} OR user_words.words @@ ${beginning(word)}::tsquery)`);
  return Prisma.sql`${rowsWith(workspaceId, query.join(' & '))} ${Prisma.join([Prisma.empty, ...checks], ' ')}`;
}

/** The query for the numbers that have all runs of three digits of a word. */
function runQuery(workspaceId: string, word: string): string {
  const runs = Array.from({ length: word.length - MIN_RUN_LENGTH + 1 }, (_, start) =>
    lexeme(workspaceId, `#${word.slice(start, start + MIN_RUN_LENGTH)}`),
  );
  return `(${[...new Set(runs)].join(' & ')})`;
}
