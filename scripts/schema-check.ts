// Fails if schema.graphql, or the named file, has changes that break clients of the last release.
import { readFile } from 'node:fs/promises';
import { ACCEPTED, acceptedBreaks, findBreaks, RELEASED } from './schema-breaks.ts';

const [file = 'schema.graphql', acceptedFile = ACCEPTED] = process.argv.slice(2);
const accepted = acceptedBreaks.parse(JSON.parse(await readFile(acceptedFile, 'utf8')));
const { breaks, unmatched } = await findBreaks(
  await readFile(RELEASED, 'utf8'),
  await readFile(file, 'utf8'),
  accepted,
);

const lines = [
  ...breaks.map((change) => `Breaking change: ${change}`),
  ...unmatched.map((change) => `Accepted in ${acceptedFile}, but the schema has no such change: ${change}`),
];
if (lines.length > 0) {
  const advice = `Keep the old element and mark it as @deprecated, or accept the change in ${ACCEPTED} (see CONTRIBUTING.md).`;
  process.stderr.write(`${[...lines, advice].join('\n')}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${file} has no breaking changes since the last release.\n`);
}
