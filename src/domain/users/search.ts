import { Prisma } from '../../db/generated/client.ts';
import type { RareMatches, Walk } from '../../db/reading/ordered/source.ts';
import { constant } from '../filter/evaluation.ts';
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

const isDigitRun = (word: string) => word.length >= MIN_RUN_LENGTH && /^[0-9]+$/.test(word);

/** Whether a number can have all runs of three digits of the word, but not the word. */
const isLongRun = (word: string) => isDigitRun(word) && word.length > MIN_RUN_LENGTH;

/** Digits of a phone number that are stored as a word. E.164 has 15. */
const MAX_DIGITS = 100;

const digitsOf = (number: string | null) => (number ?? '').replaceAll(/[^0-9]/g, '').slice(0, MAX_DIGITS);

/** SQL of the digits of a user's number. The database also accepts numbers that are grouped, such as those of an import. */
const storedDigits = Prisma.sql`left(regexp_replace(users.number, '[^0-9]+', '', 'g'), ${MAX_DIGITS}::int)`;

/** The words that find a user, as the trigger on users stores them. */
function wordsOfUser({ firstName, lastName, uid, email, number }: User): Set<string> {
  const names = [firstName, lastName, uid, email].filter((name) => name !== null).join(' ');
  const digits = digitsOf(number);
  return new Set([...wordsOf(names), ...(digits === '' ? [] : [digits])]);
}

/** The fields of a user that a search reads. */
const searchedFields = ['firstName', 'lastName', 'uid', 'email', 'number'] as const;

/** A parsed search. */
export interface Search {
  /** Holds if each word of the search is the beginning of a word of the user, or a run of digits of the phone number. */
  condition: Condition;
  /** SQL of whether each word of the search is a whole word of the user, or of the negation. */
  isExact(workspaceId: string, isNegated: boolean): Prisma.Sql;
  /** The same in memory. */
  isExactFor(user: User): boolean;
  /** How to find the users if only few match; undefined if their words do not decide whether they match. */
  rareMatches(workspaceId: string): RareMatches | undefined;
  /** FROM and WHERE of the users who match: of all, or among those who come next in a walk. */
  users(workspaceId: string, walk: Walk, amongWhom: 'all' | 'next'): Prisma.Sql;
}

/**
 * The sample of a search: the newest users. If fewer than `MIN_FREQUENT_IN_SAMPLE` of them match, all matches are looked up in the
 * index, with a short timeout, since older users can have other words.
 */
const SAMPLED_USERS = 200;
const MIN_FREQUENT_IN_SAMPLE = 3;

/**
 * Users whose words a search for frequent words reads before PostgreSQL looks up all users who match. At 1,000,000 users, both take
 * less than 50 ms then.
 */
const PROBED_USERS = 3_000;

/** Parses a search. @returns undefined if it matches everybody. */
export function parseSearch(search: string | null | undefined): Search | undefined {
  const words = searchWords(search ?? '');
  if (words.length === 0) return undefined;
  const isBeginning = (word: string, stored: Iterable<string>) => [...stored].some((each) => each.startsWith(word));
  const rows = (workspaceId: string, group?: Walk['group']) =>
    rowsWith(workspaceId, matches(workspaceId, words, group));
  return {
    condition: {
      sql: (scope, isNegated) =>
        hasRows(scope, isNegated, rows(scope.workspaceId, scope.walk?.group), Prisma.sql`user_words.user_id`),
      access: 'index',
      evaluate: ({ user }) => {
        const stored = wordsOfUser(user);
        const digits = digitsOf(user.number);
        return constant(
          words.every((word) => isBeginning(word, stored) || (isDigitRun(word) && digits.includes(word))),
        );
      },
      phrase: ({ isNegated } = {}) =>
        `${isNegated ? 'does not match' : 'matches'} the search ${JSON.stringify(search)}`,
      dependencies: () => searchedFields.map((field) => ({ kind: 'field', field })),
    },
    isExact: (workspaceId, isNegated) =>
      Prisma.sql`(SELECT true ${rows(workspaceId, 'first')} LIMIT 1) IS ${Prisma.raw(isNegated ? '' : 'NOT ')}NULL`,
    isExactFor: (user) => {
      const stored = wordsOfUser(user);
      return words.every((word) => stored.has(word));
    },
    rareMatches: (workspaceId) => (words.some(isLongRun) ? undefined : rareMatchesOf(workspaceId, words)),
    users: (workspaceId, { isAscending, within, group }, amongWhom) => {
      const order = Prisma.sql`ORDER BY user_words.user_id ${Prisma.raw(isAscending ? 'ASC' : 'DESC')}`;
      const query = queryFor(workspaceId, words, group);
      // The lookup cannot become a join of all users with all words, which PostgreSQL prefers where its statistics are older than the
      // users of the workspace, and it expects one row of either.
      return Prisma.sql`FROM (
          SELECT user_words.user_id, user_words.words FROM user_words
          WHERE user_words.workspace_id = ${workspaceId}::uuid ${within(Prisma.sql`user_words.user_id`)}
          ${amongWhom === 'next' ? Prisma.sql`${order} LIMIT ${PROBED_USERS}::int` : Prisma.sql`AND ${hasWords(query)} OFFSET 0`}
        ) AS user_words CROSS JOIN LATERAL (
          SELECT * FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = user_words.user_id OFFSET 0
        ) AS users WHERE ${matches(workspaceId, words, group)}`;
    },
  };
}

/** How to find the users whose words match, if only few do. */
function rareMatchesOf(workspaceId: string, words: readonly string[]): RareMatches {
  const query = hasWords(queryFor(workspaceId, words, undefined));
  const isOfWorkspace = Prisma.sql`user_words.workspace_id = ${workspaceId}::uuid`;
  return {
    areFrequent: Prisma.sql`(SELECT count(*) FROM (
      SELECT user_words.words FROM user_words WHERE ${isOfWorkspace}
      ORDER BY user_words.user_id DESC LIMIT ${SAMPLED_USERS}::int) AS user_words WHERE ${query}) >= ${MIN_FREQUENT_IN_SAMPLE}::int`,
    all: (andIf) => Prisma.sql`
      SELECT user_words.user_id AS id, ${hasWords(queryFor(workspaceId, words, 'first'))} AS is_first
      FROM user_words WHERE ${isOfWorkspace} AND ${query} ${andIf}`,
  };
}

/**
 * SQL of whether the phone number of the user `users.id` has the digits of one of some numbers. It is implied by equality, and served by
 * an index. @returns undefined if one of them has no digits.
 */
export function hasDigitsOf(numbers: readonly string[]): ((scope: SqlScope) => Prisma.Sql) | undefined {
  const digits = numbers.map((number) => digitsOf(number).slice(0, MAX_DIGITS));
  if (digits.length === 0 || digits.includes('')) return undefined;
  // One lookup for each number. PostgreSQL overestimates the users of many lexemes at once, and would read all users instead.
  return ({ workspaceId }) => {
    const queries = [...new Set(digits)].map((each) => lexeme(workspaceId, each));
    return Prisma.sql`users.id = ANY(ARRAY(
      SELECT user_words.user_id FROM unnest(${queries}::text[]) AS query(lexeme)
      CROSS JOIN LATERAL (
        SELECT user_id FROM user_words
        WHERE user_words.workspace_id = ${workspaceId}::uuid AND user_words.words @@ query.lexeme::tsquery OFFSET 0
      ) AS user_words))`;
  };
}

const hasWords = (query: string) => Prisma.sql`user_words.words @@ ${query}::tsquery`;

/** FROM and WHERE of the words of the user `users.id`. */
const rowsWith = (workspaceId: string, condition: Prisma.Sql) => Prisma.sql`FROM user_words
  WHERE user_words.workspace_id = ${workspaceId}::uuid AND user_words.user_id = users.id AND ${condition}`;

/** A lexeme in a query. As in the function `user_lexemes` of the migrations, it starts with the last digits of the workspace's id. */
const lexeme = (workspaceId: string, word: string) => `'${workspaceId.slice(-6)}${word}'`;

const beginning = (workspaceId: string, word: string) => `${lexeme(workspaceId, word)}:*`;

/** The query for the users who match: all users, those for whom the search is exact (`first`), or the others. */
function queryFor(workspaceId: string, words: readonly string[], group: Walk['group']): string {
  const exact = words.map((word) => lexeme(workspaceId, word)).join(' & ');
  if (group === 'first') return exact;
  const beginnings = words.map((word) => {
    const own = beginning(workspaceId, word);
    return isDigitRun(word) ? `(${own} | ${runQuery(workspaceId, word)})` : own;
  });
  return [...beginnings, ...(group === 'rest' ? [`!(${exact})`] : [])].join(' & ');
}

/** SQL of whether the words of a user match. @param group as for `queryFor`. */
function matches(workspaceId: string, words: readonly string[], group: Walk['group']): Prisma.Sql {
  // A number that has all runs of three digits need not have them in this order.
  const checks = words
    .filter((word) => group !== 'first' && isLongRun(word))
    .map((word) => Prisma.sql`(${storedDigits} LIKE ${`%${word}%`} OR ${hasWords(beginning(workspaceId, word))})`);
  return Prisma.join([hasWords(queryFor(workspaceId, words, group)), ...checks], ' AND ');
}

/** The query for the numbers that have all runs of three digits of a word. */
function runQuery(workspaceId: string, word: string): string {
  const runs = Array.from({ length: word.length - MIN_RUN_LENGTH + 1 }, (_, start) =>
    lexeme(workspaceId, `#${word.slice(start, start + MIN_RUN_LENGTH)}`),
  );
  return `(${[...new Set(runs)].join(' & ')})`;
}
