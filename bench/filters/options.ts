import { parseArgs } from 'node:util';
import { parseUserCount, withUsage } from '../arguments.ts';
import { type Question, questions } from './questions.ts';

/** Options of `npm run bench:filters`. */
export interface FilterOptions {
  users: number;
  /** Those whose name contains the text of `--only`. */
  questions: Question[];
  /** The folder of the database, which is kept between runs. */
  directory: string | undefined;
  /** The folder to write the plans to. */
  plans: string | undefined;
  /** File to write the figures to. */
  json: string | undefined;
  /** Whether the optional indexes exist; they are created or dropped. Undefined: they stay as they are. */
  indexes: boolean | undefined;
  /** Measures what each optional index costs writes, and no question. */
  costs: boolean;
  /** Whether PostGraphile is asked, too. */
  postgraphile: boolean;
}

const USAGE = `npm run bench:filters -- [--users 100000] [--directory FOLDER] [--plans FOLDER] [--json FILE] [--only TEXT] [--indexes | --no-indexes] [--costs] [--no-postgraphile]`;

/** @throws {Error} with the usage if an argument is invalid. */
export function readFilterOptions(args: string[]): FilterOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      allowNegative: true,
      options: {
        users: { type: 'string', default: '100000' },
        directory: { type: 'string' },
        plans: { type: 'string' },
        json: { type: 'string' },
        indexes: { type: 'boolean' },
        costs: { type: 'boolean', default: false },
        postgraphile: { type: 'boolean', default: true },
        only: { type: 'string', default: '' },
      },
    });
    return {
      users: parseUserCount(values.users),
      questions: questions.filter(({ name }) => name.includes(values.only)),
      directory: values.directory,
      plans: values.plans,
      json: values.json,
      indexes: values.indexes,
      costs: values.costs,
      postgraphile: values.postgraphile,
    };
  });
}
