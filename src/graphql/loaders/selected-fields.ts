import {
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { FieldSet } from '../../db/reading/columns.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The columns of its parent's row that the field reads. */
    columns?: readonly string[];
    /** The field returns the same rows, like `edges` and `node` of a connection: its subfields declare the columns. */
    passesRows?: true;
  }
}

/** The part of a resolver's `info` that says what the field selects. */
export type FieldInfo = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'schema' | 'returnType'>;

/** What a selection set selects of a type. */
interface Selection {
  /** Names of the fields that are selected of the type itself. */
  fields: ReadonlySet<string>;
  /** The columns that the selected fields declare, directly and below fields that return the same rows. */
  columns: FieldSet;
  /**
   * The fields, directly and below fields that return the same rows, that the statement of the rows can read: one node of each
   * field that is selected unconditionally.
   */
  related: readonly RelatedField[];
}

/** A field that the statement of its parent's row can read. */
export interface RelatedField {
  field: GraphQLField<unknown, unknown>;
  node: FieldNode;
}

/** Selections by field of a document and by type: a document's fields are resolved for many rows and requests. */
const selections = new WeakMap<FieldNode, Map<string, Selection>>();

/**
 * Returns what a field's selection set selects, by any alias and in any fragment, whether skipped or not.
 * @param typeName the object type of the rows, for a field that returns an interface or a union.
 */
export function selectionOf(info: FieldInfo, typeName?: string): Selection {
  const type = typeName === undefined ? getNamedType(info.returnType) : info.schema.getType(typeName);
  const [first = emptySelection, ...others] = info.fieldNodes.map((node) => selectionOfNode(node, type, info));
  if (others.length === 0) return first;
  const all = [first, ...others];
  return {
    fields: union(new Set(all.map(({ fields }) => fields))),
    columns: union(new Set(all.map(({ columns }) => columns))),
    related: first.related,
  };
}

const emptySelection: Selection = { fields: new Set(), columns: new Set(), related: [] };

/** Returns the union of several sets; of one set, the set itself. */
export function union(sets: ReadonlySet<ReadonlySet<string>>): ReadonlySet<string> {
  const [first = new Set<string>(), ...others] = sets;
  return others.length === 0 ? first : new Set([first, ...others].flatMap((names) => [...names]));
}

function selectionOfNode(node: FieldNode, type: GraphQLNamedType | undefined, info: FieldInfo): Selection {
  if (!type) return emptySelection;
  const byType = selections.get(node) ?? new Map<string, Selection>();
  selections.set(node, byType);
  const cached = byType.get(type.name);
  if (cached) return cached;
  const [fields, columns, related] = [new Set<string>(), new Set<string>(), new Map<string, RelatedField>()];
  collect(node.selectionSet, type, { fields, columns, related, isConditional: false, info, visited: new Set() });
  // In the same order for all documents, so that their statements have the same text.
  const inOrder = [...related.values()].sort((one, other) => (one.field.name < other.field.name ? -1 : 1));
  const selection: Selection = { fields, columns, related: inOrder };
  byType.set(type.name, selection);
  return selection;
}

/** The state and results of a walk over a selection set. */
interface Walk {
  /** Undefined below the type whose selection is collected. */
  fields?: Set<string> | undefined;
  columns: Set<string>;
  related: Map<string, RelatedField>;
  /** Below a selection with a directive, which can exclude it. */
  isConditional: boolean;
  info: FieldInfo;
  /** Names of the fragments that were visited for the same type. */
  visited: Set<string>;
}

function collect(set: SelectionSetNode | undefined, type: GraphQLNamedType, walk: Walk): void {
  for (const selection of set?.selections ?? []) {
    const isConditional = walk.isConditional || (selection.directives?.length ?? 0) > 0;
    const inner = isConditional === walk.isConditional ? walk : { ...walk, isConditional };
    if (selection.kind === Kind.FIELD) collectField(selection, type, inner);
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      if (applies(selection.typeCondition?.name.value, type, walk)) collect(selection.selectionSet, type, inner);
    } else if (!walk.visited.has(selection.name.value)) {
      walk.visited.add(selection.name.value);
      const fragment = walk.info.fragments[selection.name.value];
      if (fragment && applies(fragment.typeCondition.name.value, type, walk))
        collect(fragment.selectionSet, type, inner);
    }
  }
}

function collectField(node: FieldNode, type: GraphQLNamedType, walk: Walk): void {
  walk.fields?.add(node.name.value);
  const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
  for (const column of field?.extensions.columns ?? []) walk.columns.add(column);
  if (field?.extensions.related && !walk.isConditional && !walk.related.has(field.name))
    walk.related.set(field.name, { field, node });
  if (!field?.extensions.passesRows) return;
  collect(node.selectionSet, getNamedType(field.type), { ...walk, fields: undefined, visited: new Set() });
}

/** Whether a fragment with a type condition applies to an object of the type. */
function applies(condition: string | undefined, type: GraphQLNamedType, { info }: Walk): boolean {
  return condition === undefined || condition === type.name || isAbstractType(info.schema.getType(condition));
}
