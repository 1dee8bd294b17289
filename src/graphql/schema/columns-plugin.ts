import SchemaBuilder, {
  BasePlugin,
  type PothosOutputFieldConfig,
  PothosSchemaError,
  type PothosTypeConfig,
  type SchemaTypes,
} from '@pothos/core';
import { type GraphQLFieldExtensions, type GraphQLResolveInfo, type GraphQLSchema, isObjectType } from 'graphql';
import type { PartOf, WholeRow } from '../loaders/partial-rows.ts';
import '../loaders/selected-fields.ts';

/** The columns that the rows of a type can have. */
export interface RowColumns {
  /** As `columnsOf` (`db/reading/columns.ts`) returns them. */
  columns: { expressions: object };
  /** The file that defines them, for error messages. */
  file: string;
}

declare module 'graphql' {
  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** The columns that the rows of the type can have. */
    row?: RowColumns;
  }
}

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      columns: ColumnsPlugin<Types>;
    }

    interface ObjectTypeOptions<Types extends SchemaTypes, Shape> {
      /** For a type of which only some columns are read: every field must declare the columns that it reads. */
      row?: RowColumns;
    }
  }
}

/** A resolver that carries the columns it reads. */
interface ColumnsResolver {
  columns?: readonly string[];
}

type RowFieldBuilder<Types extends SchemaTypes, Row> = PothosSchemaTypes.ObjectFieldBuilder<Types, Row>;

/** The methods of a field builder that expose a property. */
type ExposeMethods<Types extends SchemaTypes, Row> = Pick<
  RowFieldBuilder<Types, Row>,
  Extract<keyof RowFieldBuilder<Types, Row>, `expose${string}`>
>;

/** Exposes columns of a row as fields: `columns(t).exposeString('email', …)`. The field declares the column. */
export function columns<Types extends SchemaTypes, Row extends PartOf<unknown>>(
  t: RowFieldBuilder<Types, Row>,
): ExposeMethods<Types, WholeRow<Row>> {
  // The plugin makes sure that the columns are read.
  return t as never;
}

/** Declares the columns that a resolver reads; its row has these, and the resolver can read no others. */
export function fromColumns<Row, Column extends keyof Row & string, Args, Context, Result>(
  names: readonly Column[],
  resolve: (row: Readonly<Pick<Row, Column>>, args: Args, context: Context, info: GraphQLResolveInfo) => Result,
): (row: PartOf<Row>, args: Args, context: Context, info: GraphQLResolveInfo) => Result {
  // The plugin makes sure that the columns are read.
  return Object.assign(resolve, { columns: names }) as never;
}

/** The `id` option of a type that is a node: the global id is made from the column `id`, and requires no scope. */
export const idColumn = {
  resolve: ({ id }: { readonly id: string }) => id,
  requiresScopes: [],
  extensions: { columns: ['id'] },
};

/**
 * Collects the columns that fields declare, for `loaders/selected-fields.ts`. A field declares the column that it exposes, or
 * those of `fromColumns`.
 *
 * @throws {PothosSchemaError} when the schema is built, for a field of a type with `row` that declares no columns or an unknown one.
 */
class ColumnsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(type: PothosTypeConfig): PothosTypeConfig {
    if (type.kind !== 'Object' || !type.pothosOptions.row) return type;
    return { ...type, extensions: { ...type.extensions, row: type.pothosOptions.row } };
  }

  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const declared = declaredColumns(field);
    return declared ? { ...field, extensions: { ...field.extensions, columns: declared } } : field;
  }

  override afterBuild(schema: GraphQLSchema): GraphQLSchema {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || !type.extensions.row) continue;
      for (const field of Object.values(type.getFields())) {
        checkColumns(`${type.name}.${field.name}`, field.extensions, type.extensions.row);
      }
    }
    return schema;
  }
}

function declaredColumns<Types extends SchemaTypes>(
  field: PothosOutputFieldConfig<Types>,
): readonly string[] | undefined {
  const { columns, pothosExposedField } = field.extensions ?? {};
  if (columns) return columns;
  if (typeof pothosExposedField === 'string') return [pothosExposedField];
  const { resolve } = field.pothosOptions as { resolve?: ColumnsResolver };
  return resolve?.columns;
}

function checkColumns(
  coordinate: string,
  { columns }: GraphQLFieldExtensions<unknown, unknown>,
  row: RowColumns,
): void {
  if (!columns) {
    throw new PothosSchemaError(
      `${coordinate} declares no columns. Where it is defined in src/graphql/schema, expose a column with columns(t), or wrap its resolver in fromColumns([...]).`,
    );
  }
  const unknown = columns.find((name) => !Object.hasOwn(row.columns.expressions, name));
  if (unknown !== undefined) {
    throw new PothosSchemaError(
      `${coordinate} reads the column ${unknown}, which does not exist. Add it in ${row.file}.`,
    );
  }
}

const pluginName = 'columns' as const;

SchemaBuilder.registerPlugin(pluginName, ColumnsPlugin);

export default pluginName;
