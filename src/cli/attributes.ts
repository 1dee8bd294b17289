import { Argument, type Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { declareAttribute, undeclareAttribute } from '../domain/attributes/declare.ts';
import {
  type AttributeType,
  attributeTypes,
  type DeclaredAttribute,
  readDeclarations,
} from '../domain/attributes/declared.ts';
import { type Actor, COMMAND_LINE } from '../domain/shared/actor.ts';
import { attributeKey } from '../domain/shared/attributes.ts';
import { NotFoundError } from '../domain/shared/errors.ts';
import { MAX_DECLARED_ATTRIBUTES } from '../domain/shared/limits.ts';
import { findChangeableWorkspace, findWorkspace, schemaParser, workspaceOption } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { CliError, examples, formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

interface AttributesOptions extends OutputOptions {
  workspace: string;
}

/** `attributes list`, `declare KEY TYPE` and `undeclare KEY`, with `--workspace ID`. */
export function addAttributeCommands(program: Command, withDatabase: WithDatabase): void {
  const attributes = program
    .command('attributes')
    .description('manages declared (indexed) attributes')
    .helpCommand(false)
    .addHelpText('after', example('list', 'declare age number'));

  attributes
    .command('list')
    .description('lists the declared attributes of a workspace, with the number of users whose values have been stored')
    .addOption(workspaceOption('workspace of the attributes'))
    .option(...jsonOption)
    .addHelpText('after', example('list', 'list --json'))
    .action((options: AttributesOptions) => withDatabase((db) => list(db, options)));

  attributes
    .command('declare')
    .description(
      `declares an attribute; a running gateway then stores the values of all users. At most ${MAX_DECLARED_ATTRIBUTES}`,
    )
    .addArgument(keyArgument())
    .addArgument(new Argument('TYPE', 'the type of its values').choices(attributeTypes.map(nameOf)))
    .addOption(workspaceOption('workspace of the attribute'))
    .option(...jsonOption)
    .addHelpText('after', example('declare age number', 'declare renewsOn date-time'))
    .action((key: string, name: string, options: AttributesOptions) =>
      withDatabase((db) => declare(db, key, name, options)),
    );

  attributes
    .command('undeclare')
    .description('withdraws the declaration of an attribute; the attributes of users stay unchanged')
    .addArgument(keyArgument())
    .addOption(workspaceOption('workspace of the attribute'))
    .option(...jsonOption)
    .addHelpText('after', example('undeclare age'))
    .action((key: string, options: AttributesOptions) => withDatabase((db) => undeclare(db, key, options)));
}

/** The name of a type in commands: `date-time` for `DATE_TIME`. */
const nameOf = (type: AttributeType) => type.toLowerCase().replace('_', '-');

const keyArgument = () => new Argument('KEY', 'the key of the attribute').argParser(schemaParser(attributeKey));

async function list(db: DatabaseClient, options: AttributesOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const declared = await readDeclarations(db, workspace.id);
  await print(
    options,
    declared.map(toOutput),
    declared.length === 0 ? 'No attributes are declared.' : formatTable(declared),
  );
}

async function declare(db: DatabaseClient, key: string, name: string, options: AttributesOptions): Promise<void> {
  const type = attributeTypes.find((each) => nameOf(each) === name);
  if (!type) throw new CliError(`${name} is not a type.`);
  const actor = await actorIn(db, options.workspace);
  const declared = await declareAttribute(db, actor, { key, type });
  await print(options, toOutput(declared), formatTable([declared]));
}

async function undeclare(db: DatabaseClient, key: string, options: AttributesOptions): Promise<void> {
  const actor = await actorIn(db, options.workspace);
  const undeclared = await undeclareAttribute(db, actor, key).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`The workspace has not declared the attribute ${key}.`) : error;
  });
  await print(options, { key }, `Undeclared ${undeclared.key}.`);
}

async function actorIn(db: DatabaseClient, workspaceId: string): Promise<Actor> {
  const { id } = await findChangeableWorkspace(db, workspaceId);
  return { workspaceId: id, actorName: COMMAND_LINE, scopes: new Set() };
}

const toOutput = ({ number: _number, ...declared }: DeclaredAttribute) => declared;

function formatTable(declared: readonly DeclaredAttribute[]): string {
  const rows = declared.map(({ key, type, declaredAt, readyAt, usersRead }) => [
    key,
    nameOf(type),
    `${declaredAt.slice(0, 19)}Z`,
    readyAt === null ? 'not yet' : `${readyAt.slice(0, 19)}Z`,
    String(usersRead),
  ]);
  return formatColumns(['KEY', 'TYPE', 'DECLARED', 'READY', 'USERS'], rows);
}

function example(...commands: string[]): string {
  const workspace = '--workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return examples('attributes', ...commands.map((command) => `${command} ${workspace}`));
}
