/** A query whose result a component shows. Its connections have at most 10 edges. */
export interface Views {
  /** The newest users. */
  users: Record<string, never>;
  /** One user with devices, memberships and events; null if the user does not exist. */
  user: { uid: string };
  /** The newest lists. */
  lists: Record<string, never>;
  /** One list with its members. */
  list: { id: string };
}

export type ViewName = keyof Views;

export type MutationName =
  | 'createUser'
  | 'updateUser'
  | 'deleteUser'
  | 'addEvent'
  | 'removeDevice'
  | 'createList'
  | 'updateList'
  | 'archiveList'
  | 'setListSubscription'
  | 'removeFromList';

/** Where a client reads a view from. */
export type ReadSource = 'server' | 'cache' | 'cache-first';

/** The first page of a paginated list: as the arguments of the connection. */
export interface PageStart {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

/** Users per page by which a paginated list is extended. */
export const PAGE_SIZE = 2;

/** A paginated list of users as a component shows it: one page at first, extended at both ends. */
export interface UserList {
  /** The uids of all pages so far, newest user first. */
  uids: string[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** The cursor of the first user. */
  startCursor: string | null;
  /** The cursor of the last user. */
  endCursor: string | null;
}

/** A client library configured by its recipe in examples/clients. */
export interface FrontendClient {
  /**
   * Reads a view and returns its data. `server` sends a request. `cache` is what a component shows that is mounted now: from
   * the cache alone, or, of clients whose recipe is to invalidate queries, from the server if the query was invalidated.
   * `cache-first` is the same, but reads from the server if the cache lacks a field.
   * @throws if the cache lacks a field and `from` is `cache`.
   */
  read<Name extends ViewName>(view: Name, variables: Views[Name], from: ReadSource): Promise<unknown>;
  /** Executes a mutation with the recipe's cache updates. @returns the member of its result union, with `__typename`. */
  mutate(name: MutationName, input: object): Promise<unknown>;
  /** Opens a paginated list of users. */
  openUserList(start: PageStart): Promise<UserList>;
  /** Extends the open list by the page after its last user. */
  loadNext(): Promise<UserList>;
  /** Extends the open list by the page before its first user. */
  loadPrevious(): Promise<UserList>;
  /** Cancels everything that is still running. */
  stop(): Promise<void> | void;
}

/** Where a client sends its requests. */
export interface Endpoint {
  /** The URL of the GraphQL endpoint. */
  url: string;
  /** The value of the header `Authorization`. */
  authorization: string;
}

/** A client library under test. */
export interface ClientCase {
  name: string;
  /** Options of the gateway that the recipe requires. */
  gateway?: { persistedOperations: { file: string; only: boolean } };
  /** Warnings that the client logs in development although nothing is wrong. */
  expectedWarnings?: RegExp;
  /** Whether a list that starts with `after` can be extended at its start. */
  pagesFromMiddle: boolean;
  /** Creates a client with an empty cache. */
  create(endpoint: Endpoint): FrontendClient | Promise<FrontendClient>;
}
