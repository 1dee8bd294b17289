import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  Kind,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';

type Variables = Record<string, unknown>;

/** An object as it is stored: its fields by name and arguments. Other objects are references. */
type Fields = Map<string, unknown>;

/** Refers to a stored object by its key. */
class Reference {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }
}

/** Parses a document without named fragments, and selects `__typename` of every object. */
export function parseWithTypenames(text: string): DocumentNode {
  const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
  return visit(parse(text), {
    SelectionSet: (node, _key, parent) =>
      parent && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION
        ? undefined
        : { ...node, selections: [typename, ...node.selections] },
  });
}

/**
 * A client's cache with the rules that Apollo Client, Relay and graphcache share: an object with an `id` is stored once, under its
 * type and id, and any other object under its path. A list loses the objects that are evicted.
 */
export class NormalizedCache {
  readonly #objects = new Map<string, Fields>();

  /** Stores a response. */
  write(document: DocumentNode, variables: Variables, data: unknown): void {
    const { root, selectionSet } = operationOf(document);
    this.#writeObject(root, selectionSet, variables, data);
  }

  /** Answers a query from the cache. @throws {Error} if a field is not cached. */
  read(document: DocumentNode, variables: Variables): unknown {
    const { root, selectionSet } = operationOf(document);
    return this.#readObject(root, selectionSet, variables);
  }

  /** Removes an object, as `cache.evict` of Apollo Client does. */
  evict(typename: string, id: unknown): void {
    if (!this.#objects.delete(`${typename}:${id}`)) throw new Error(`${typename}:${id} is not cached.`);
  }

  /** Adds the edge in a field of a mutation's payload to a connection, as Relay's `@prependEdge` does. */
  prependEdge(connection: string, payload: string, field: string): void {
    const edges = this.#fieldsOf(connection).get('edges');
    const edge = this.#fieldsOf(payload).get(field);
    if (!Array.isArray(edges)) throw new Error(`${connection} has no edges.`);
    this.#fieldsOf(connection).set('edges', [edge, ...edges]);
  }

  /** Adds the object in a field of a mutation's payload to the end of a list of `Query`. */
  appendItem(list: string, payload: string, field: string): void {
    this.#setList(list, (items) => [...items, this.#fieldsOf(payload).get(field)]);
  }

  /** Removes the objects from a list of `Query` whose field has a value, for objects without an id. */
  removeItem(list: string, field: string, value: unknown): void {
    const isRemoved = (item: unknown) => item instanceof Reference && this.#fieldsOf(item.key).get(field) === value;
    this.#setList(list, (items) => items.filter((item) => !isRemoved(item)));
  }

  #setList(list: string, change: (items: unknown[]) => unknown[]): void {
    const items = this.#fieldsOf('Query').get(list);
    if (!Array.isArray(items)) throw new Error(`Query.${list} is not a cached list.`);
    this.#fieldsOf('Query').set(list, change(items));
  }

  #fieldsOf(key: string): Fields {
    const fields = this.#objects.get(key);
    if (!fields) throw new Error(`${key} is not cached.`);
    return fields;
  }

  #writeObject(key: string, selectionSet: SelectionSetNode, variables: Variables, data: unknown): Reference {
    const values = new Map(Object.entries(Object(data)));
    const fields = this.#objects.get(key) ?? new Map();
    this.#objects.set(key, fields);
    for (const node of fieldsOf(selectionSet, values.get('__typename'))) {
      const name = storedName(key, node, variables);
      fields.set(name, this.#writeValue(`${key}.${name}`, node, variables, values.get(node.name.value)));
    }
    return new Reference(key);
  }

  #writeValue(path: string, node: FieldNode, variables: Variables, value: unknown): unknown {
    if (!node.selectionSet || value === null) return value;
    if (Array.isArray(value))
      return value.map((item, place) => this.#writeValue(`${path}.${place}`, node, variables, item));
    const { __typename, id } = Object(value);
    return this.#writeObject(id === undefined ? path : `${__typename}:${id}`, node.selectionSet, variables, value);
  }

  #readObject(key: string, selectionSet: SelectionSetNode, variables: Variables): object {
    const fields = this.#fieldsOf(key);
    const entries = fieldsOf(selectionSet, fields.get('__typename')).map((node) => {
      const name = storedName(key, node, variables);
      if (!fields.has(name)) throw new Error(`${key}.${name} is not cached.`);
      return [node.name.value, this.#readValue(node, variables, fields.get(name))];
    });
    return Object.fromEntries(entries);
  }

  #readValue(node: FieldNode, variables: Variables, value: unknown): unknown {
    if (Array.isArray(value)) {
      const present = value.filter((item) => !(item instanceof Reference) || this.#objects.has(item.key));
      return present.map((item) => this.#readValue(node, variables, item));
    }
    if (!(value instanceof Reference) || !node.selectionSet) return value;
    return this.#readObject(value.key, node.selectionSet, variables);
  }
}

function operationOf(document: DocumentNode): { root: 'Query' | 'Mutation'; selectionSet: SelectionSetNode } {
  const operation = getOperationAST(document);
  if (!operation) throw new Error('The document has no operation.');
  return { root: operation.operation === 'query' ? 'Query' : 'Mutation', selectionSet: operation.selectionSet };
}

/** The fields that a selection set selects of an object type. */
function fieldsOf({ selections }: SelectionSetNode, typename: unknown): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return selection;
    if (selection.kind === Kind.FRAGMENT_SPREAD) throw new Error('Named fragments are not supported.');
    return selection.typeCondition?.name.value === typename ? fieldsOf(selection.selectionSet, typename) : [];
  });
}

/** The name under which a field is stored: with its arguments, except for a mutation, which is not read again. */
function storedName(key: string, { name, arguments: args = [] }: FieldNode, variables: Variables): string {
  if (args.length === 0 || key === 'Mutation') return name.value;
  const values = args.map((arg) => [arg.name.value, valueFromASTUntyped(arg.value, variables)]);
  return `${name.value}(${JSON.stringify(Object.fromEntries(values))})`;
}
