import { isJsonObject } from '../../shared/attributes.ts';

/** Limits of one filter. docs/limits.md explains each of them. */
export interface FilterLimits {
  /** Nesting of `and`, `or` and `not`. */
  filterDepth: number;
  /** Conditions, each of which is one operator with its operand. An object without any counts as one. */
  filterConditions: number;
  /** Values of one list, such as that of `in`. */
  filterValues: number;
}

/** The size of a filter as a client has sent it, valid or not. */
export interface FilterSize {
  depth: number;
  conditions: number;
  /** The number of values of the longest list of values. */
  values: number;
  /** What it adds to the complexity of a page. */
  cost: number;
}

/** A part of a filter that has still to be measured. */
interface PendingPart {
  value: unknown;
  depth: number;
  /** The cost of each condition in it. */
  costOfCondition: number;
}

/** Keys that nest filters. */
const NESTING = new Set(['and', 'or', 'not']);

/** Keys that belong to another condition, in the names of both APIs. */
const OPTIONS = new Set(['caseSensitive', 'case_sensitive', 'key']);

/** Cost of a condition on rows of other tables; 1 for all others. */
const COSTS: Readonly<Record<string, number>> = { devices: 2, lists: 2, segments: 2, events: 5 };

/** What a search adds to the complexity of a page: it has up to ten words. */
const SEARCH_COST = 5;

/**
 * Measures a filter before it is validated. A filter can be nested as deep as JSON can be, so this walks it without recursion.
 */
export function measureFilter(filter: unknown): FilterSize {
  const size: FilterSize = { depth: 0, conditions: 0, values: 0, cost: 0 };
  const parts: PendingPart[] = [{ value: filter, depth: 0, costOfCondition: 1 }];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const { value, depth, costOfCondition } = part;
    size.depth = Math.max(size.depth, depth);
    if (Array.isArray(value) && value.some((item) => isJsonObject(item) || Array.isArray(item))) {
      for (const item of value) parts.push({ ...part, value: item });
    } else if (isJsonObject(value)) {
      const entries = Object.entries(value).filter(([key, item]) => item !== undefined && !OPTIONS.has(key));
      if (entries.length === 0) addCondition(size, costOfCondition);
      for (const [key, item] of entries) {
        const isNesting = NESTING.has(key);
        parts.push({
          value: item,
          depth: depth + (isNesting ? 1 : 0),
          costOfCondition: isNesting ? 1 : Math.max(costOfCondition, COSTS[key] ?? 1),
        });
      }
    } else {
      addCondition(size, costOfCondition);
      if (Array.isArray(value)) size.values = Math.max(size.values, value.length);
    }
  }
  return size;
}

/** What a filter and a search add to the complexity of a page, as a client has sent them. */
export function costOfQuery({ where, search }: { where?: unknown; search?: unknown }): number {
  return (
    (where == null ? 0 : measureFilter(where).cost) + (typeof search === 'string' && search !== '' ? SEARCH_COST : 0)
  );
}

function addCondition(size: FilterSize, cost: number): void {
  size.conditions += 1;
  size.cost += cost;
}

/** How a filter exceeds limits, as a sentence that names all of them; undefined if it does not. */
export function filterExcess({ depth, conditions, values }: FilterSize, limits: FilterLimits): string | undefined {
  const excesses = [
    ...(depth > limits.filterDepth ? [`is nested ${depth} deep; the limit is ${limits.filterDepth}`] : []),
    ...(conditions > limits.filterConditions
      ? [`has ${conditions} conditions; the limit is ${limits.filterConditions}`]
      : []),
    ...(values > limits.filterValues ? [`has a list of ${values} values; the limit is ${limits.filterValues}`] : []),
  ];
  return excesses.length === 0 ? undefined : `The filter ${excesses.join(', and ')}.`;
}
