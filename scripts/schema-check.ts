// Fails where schema.graphql, or the file that is named, breaks what clients of the last release rely on.
import { readFile } from 'node:fs/promises';
import { ACCEPTED, acceptedBreaks, findBreaks, RELEASED } from './schema-breaks.ts';

const [file = 'schema.graphql', acceptedFile = ACCEPTED] = process.argv.slice(2);
const accepted = acceptedBreaks.parse(JSON.parse(await readFile(acceptedFile, 'utf8')));
const { breaks, unknown } = await findBreaks(await readFile(RELEASED, 'utf8'), await readFile(file, 'utf8'), accepted);

const lines = [
  ...breaks.map((change) => `Breaks the last release: ${change}`),
  ...unknown.map((change) => `Accepted in ${acceptedFile}, but there is no such break: ${change}`),
];
if (lines.length > 0) {
  const advice = `Keep the old element, as @deprecated; or accept a break on purpose in ${ACCEPTED} (CONTRIBUTING.md).`;
  process.stderr.write(`${[...lines, advice].join('\n')}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${file} keeps what the last release promised.\n`);
}
