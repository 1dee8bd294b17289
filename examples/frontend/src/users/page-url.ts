const PAGE_SIZE = 10;

/** The arguments of `users`. */
export interface Page {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

/** The page and the open panel. They are in the URL, so that reload, links and the back button work. */
export interface PageUrl {
  page: Page;
  /** The uid of the user in the panel. */
  user?: string;
  /** Whether the panel is the form for a new user. */
  isCreating: boolean;
}

export function parsePageUrl(search: string): PageUrl {
  const params = new URLSearchParams(search);
  const text = (name: string) => params.get(name) ?? undefined;
  const size = (name: string) => (params.has(name) ? Number(params.get(name)) : undefined);
  const last = size('last');
  const first = size('first') ?? (last === undefined ? PAGE_SIZE : undefined);
  return {
    page: { first, after: text('after'), last, before: text('before') },
    user: text('user'),
    isCreating: params.has('new'),
  };
}

export const FIRST_PAGE = '/';
/** A new user is added to the first page, which contains the newest users. */
export const NEW_USER = '/?new';
export const pageAfter = (after: string) => linkTo({ first: PAGE_SIZE, after });
export const pageBefore = (before: string) => linkTo({ last: PAGE_SIZE, before });

/** The same page with the panel of a user, or without a panel. */
export const withPanel = ({ page }: PageUrl, user?: string) => linkTo({ ...page, user });

function linkTo(params: object): string {
  const entries = Object.entries(params).filter(([, value]) => value !== undefined);
  return `/?${new URLSearchParams(entries)}`;
}
