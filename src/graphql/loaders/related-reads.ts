import { GraphQLError, type GraphQLResolveInfo, getArgumentValues } from 'graphql';
import type { Viewer } from '../../auth/viewer.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import type { RelatedRead } from '../../db/reading/related.ts';
import { ValidationError } from '../../domain/shared/errors.ts';
import { type FieldInfo, type RelatedField, selectionOf } from './selected-fields.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /**
     * Returns how the statement of the parent's row can read the field, which then needs no statement of its own. Its resolver looks
     * the result up with `resultOf`.
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
export function readingOf(info: GraphQLResolveInfo, { viewer }: { viewer: Viewer }, typeName?: string): RowReading {
  const { columns, related } = selectionOf(info, typeName);
  return { columns, related: relatedReads(related, info, viewer) };
}

/** Returns the reads of related fields. A field whose arguments are invalid has none. */
export function relatedReads(
  fields: readonly RelatedField[],
  { variableValues, fragments, schema }: GraphQLResolveInfo,
  viewer: Viewer,
): RelatedRead[] {
  return fields.flatMap(({ field, node }) => {
    try {
      const args = getArgumentValues(field, node, variableValues);
      const info = { fieldNodes: [node], fragments, schema, returnType: field.type };
      return field.extensions.related?.(viewer, args, info) ?? [];
    } catch (error) {
      // The resolver reports it.
      if (error instanceof GraphQLError || error instanceof ValidationError) return [];
      throw error;
    }
  });
}
