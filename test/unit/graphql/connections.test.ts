import { readdirSync, readFileSync } from 'node:fs';
import { getNamedType } from 'graphql';
import { expect, it } from 'vitest';
import { schemaFields } from '../../kit/walk-schema.ts';

const DIRECTORY = 'test/api/paging';

const suites = readdirSync(DIRECTORY)
  .map((name) => readFileSync(`${DIRECTORY}/${name}`, 'utf8'))
  .join('\n');

it.each(schemaFields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection')))(
  '$coordinate has a paging suite and page arguments',
  ({ coordinate, field }) => {
    const advice = `${coordinate} has no paging suite. Add describeConnection('${coordinate}', …) to a file in ${DIRECTORY}.`;
    expect(suites.includes(`describeConnection('${coordinate}'`), advice).toBe(true);
    const missing = ['first', 'after', 'last', 'before'].filter((name) => !field.args.some((arg) => arg.name === name));
    expect(missing, `${coordinate} lacks arguments. Add ...pageArguments to its args in src/graphql/schema.`).toEqual(
      [],
    );
  },
);
