import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { cellTypes } from '../domain/transfer/fields.ts';
import { encodings } from '../domain/transfer/formats/bytes.ts';
import { type ImportOptions, importFormats, importOptions } from '../domain/transfer/open.ts';
import { workspaceId } from '../domain/workspaces/workspaces.ts';
import { publicKey, schemaParser } from './arguments.ts';
import { jsonOption, type OutputOptions } from './output.ts';

/** The options of `import`. */
export interface ImportCommandOptions extends OutputOptions {
  workspace?: string;
  key?: string;
  format?: ImportOptions['format'];
  encoding?: ImportOptions['encoding'];
  delimiter?: string;
  map?: Record<string, string>;
  type?: Record<string, string>;
  decimal?: ImportOptions['decimal'];
  dates?: ImportOptions['dates'];
  unknownToMeta?: boolean;
  ignoreUnknown?: boolean;
  rejected?: string;
  dryRun?: boolean;
  resume?: boolean;
  again?: boolean;
  strict?: boolean;
  maxRate?: number;
}

/** Parses `A=B`, which can be repeated. The name can contain `=`, the value cannot. */
function parsePair(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...previous, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

function parseType(text: string, previous?: Record<string, string>): Record<string, string> {
  const pairs = parsePair(text, previous);
  if (Object.values(pairs).every((type) => cellTypes.some((known) => known === type))) return pairs;
  throw new InvalidArgumentError(`The type must be one of ${cellTypes.join(', ')}.`);
}

const rate = z.coerce.number().int().min(1, { error: 'must be an integer of at least 1' });

const delimiterNames: Readonly<Record<string, string>> = { tab: '\t', comma: ',', semicolon: ';', pipe: '|' };

/** Adds the options of all imports to a command. */
export function addImportOptions(command: Command): Command {
  const workspace = new Option('--workspace <ID>', 'the workspace; writes are recorded as those of the actor cli');
  const key = new Option(
    '--key <PUBLIC_KEY>',
    'imports into the workspace of this key, as its actor and with its scopes',
  );
  return command
    .addOption(workspace.argParser(schemaParser(workspaceId)))
    .addOption(key.argParser(schemaParser(publicKey)))
    .addOption(new Option('--format <FORMAT>', 'the format; detected by default').choices(importFormats))
    .addOption(new Option('--encoding <NAME>', 'the encoding; UTF-8 by default').choices(encodings))
    .addOption(
      new Option('--delimiter <CHARACTER>', 'between cells of CSV; detected by default').choices([
        ...Object.keys(delimiterNames),
        ...Object.values(delimiterNames),
      ]),
    )
    .addOption(
      new Option('--map <COLUMN=FIELD>', 'the field of a column, such as "Town=meta.city"; "X=-" ignores it').argParser(
        parsePair,
      ),
    )
    .addOption(
      new Option(
        '--type <FIELD=TYPE>',
        `the type of an attribute: ${cellTypes.join(', ')}; guessed by default`,
      ).argParser(parseType),
    )
    .addOption(
      new Option('--decimal <SIGN>', 'how numbers are written: 1,234.56 or 1.234,56').choices(['point', 'comma']),
    )
    .addOption(new Option('--dates <ORDER>', 'how dates are written: 31.12.2025 or 12/31/2025').choices(['dmy', 'mdy']))
    .option('--unknown-to-meta', 'columns without a field become attributes (properties of events)')
    .option('--ignore-unknown', 'columns and properties without a field are ignored')
    .option('--rejected <FILE>', 'where to write rejected records; FILE.rejected.ndjson by default')
    .option('--dry-run', 'validates the file and writes nothing to the database')
    .option('--resume', 'continues an interrupted import of the same file')
    .option('--again', 'imports a file again that was imported completely')
    .option('--strict', 'exits with 1 if records were rejected')
    .addOption(new Option('--max-rate <RECORDS>', 'maximum number of records a second').argParser(schemaParser(rate)))
    .option(...jsonOption);
}

/** The options of the job: those on which the written rows depend. */
export function toImportOptions(options: ImportCommandOptions): ImportOptions {
  const { format, encoding, delimiter, map, type, decimal, dates, unknownToMeta, ignoreUnknown } = options;
  const unknown = unknownToMeta ? 'attributes' : ignoreUnknown ? 'ignore' : undefined;
  const separator = delimiter === undefined ? undefined : (delimiterNames[delimiter] ?? delimiter);
  const given = { format, encoding, delimiter: separator, map, types: type, decimal, dates, unknown };
  return importOptions.parse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
}
