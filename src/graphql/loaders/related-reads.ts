import { type FieldNode, GraphQLError, type GraphQLResolveInfo, getArgumentValues } from 'graphql';
import type { Viewer } from '../../auth/viewer.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import { type RelatedRead, resultOf } from '../../db/reading/related.ts';
import { ValidationError } from '../../domain/shared/errors.ts';
import { type FieldInfo, type RelatedField, selectionOf } from './selected-fields.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /**
     * Returns how the statement of the parent's row can read the field, which then needs no statement of its own. Its resolver looks
     * the result up with `RelatedReads.resultOf`.
     * @returns undefined if it cannot, for example because an argument is invalid: the resolver reports that.
     */
    related?: (viewer: Viewer, args: Record<string, unknown>, info: FieldInfo) => RelatedRead | undefined;
  }
}

/** What to read of a row. */
export interface RowReading {
  columns: FieldSet;
  /** Reads of related rows. */
  related: readonly RelatedRead[];
}

/** Returns what to read of the rows of a field. @param typeName as for `selectionOf`. */
export function readingOf(
  info: GraphQLResolveInfo,
  { related: reads }: { related: RelatedReads },
  typeName?: string,
): RowReading {
  const { columns, related } = selectionOf(info, typeName);
  return { columns, related: reads.of(related, info) };
}

/**
 * The reads of related rows of an operation. Each is made once for its field in the document, however many rows have the field
 * (docs/performance-steps.md).
 */
export class RelatedReads {
  readonly #viewer: Viewer;
  readonly #byField = new Map<FieldNode, RelatedRead | undefined>();

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
  }

  /** Returns the reads of fields. A field whose arguments are invalid has none. */
  of(fields: readonly RelatedField[], info: GraphQLResolveInfo): RelatedRead[] {
    return fields.flatMap((field) => {
      if (!this.#byField.has(field.node)) this.#byField.set(field.node, this.#make(field, info));
      return this.#byField.get(field.node) ?? [];
    });
  }

  /**
   * Returns the result of a field for a row. The caller knows its type from the extension `related` of the field.
   * @returns undefined if the statement of the row has not read the field.
   */
  resultOf<Value>(row: object, id: string, { fieldNodes }: FieldInfo): Value | undefined {
    const [node, ...others] = fieldNodes;
    // A field that is selected several times also returns what its other nodes select.
    const read = node && others.length === 0 ? this.#byField.get(node) : undefined;
    return read && resultOf(row, id, read as RelatedRead<Value>);
  }

  #make({ field, node }: RelatedField, { variableValues, fragments, schema }: GraphQLResolveInfo) {
    try {
      const args = getArgumentValues(field, node, variableValues);
      const info = { fieldNodes: [node], fragments, schema, returnType: field.type };
      return field.extensions.related?.(this.#viewer, args, info);
    } catch (error) {
      // The resolver reports it.
      if (error instanceof GraphQLError || error instanceof ValidationError) return undefined;
      throw error;
    }
  }
}
