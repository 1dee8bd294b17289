import {
  type Direction,
  type Environment,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getSingularSelector,
  getValueAtPath,
  type ReaderFragment,
} from 'relay-runtime';

/**
 * Extends the connection of a fragment by a page, as `loadNext` and `loadPrevious` of `usePaginationFragment` do.
 * @param reference to the fragment: the object that spreads it.
 */
export async function loadPage(
  environment: Environment,
  fragment: ReaderFragment,
  reference: object,
  direction: Direction,
  count: number,
): Promise<void> {
  const { connectionPathInFragmentData, identifierField, paginationRequest, paginationMetadata } =
    getPaginationMetadata(fragment, 'loadPage');
  const selector = getSingularSelector(fragment, reference);
  const data = environment.lookup(selector).data;
  const { pageInfo } = getValueAtPath(data, connectionPathInFragmentData);
  const cursor = direction === 'forward' ? pageInfo.endCursor : pageInfo.startCursor;
  const variables = getPaginationVariables(direction, count, cursor, selector.variables, {}, paginationMetadata);
  const id = identifierField && getValueAtPath(data, [identifierField]);
  await fetchQuery(environment, paginationRequest, id ? { ...variables, id } : variables, {
    fetchPolicy: 'network-only',
  }).toPromise();
}
