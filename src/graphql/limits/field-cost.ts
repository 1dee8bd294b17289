import './declarations.ts';
import { type GraphQLField, getNamedType, isLeafType } from 'graphql';
import { DEFAULT_PAGE_SIZE, PAGE_MAXIMUM } from '../../domain/page.ts';

/** An object costs 1, but for one that comes with its parent's row; a scalar nothing; unless the field says otherwise. */
export function ownCost({ type, extensions }: GraphQLField<unknown, unknown>): number {
  if (extensions.cost !== undefined) return extensions.cost;
  return isLeafType(getNamedType(type)) || 'pothosExposedField' in extensions ? 0 : 1;
}

/** The rows of a page, as its arguments ask for them; none where they are out of range, which the resolver refuses. */
export function pageSize(first: unknown, last: unknown): number {
  const size = first ?? last ?? DEFAULT_PAGE_SIZE;
  return typeof size === 'number' && size > 0 && size <= PAGE_MAXIMUM ? size : 0;
}
