// Runs in the browser: starts GraphiQL with the page's settings.
/* global YogaGraphiQL */

const { examples, headers } = JSON.parse(document.getElementById('settings').textContent);
const files = new URL('.', document.currentScript.src);

globalThis.MonacoEnvironment = {
  getWorkerUrl: (_module, label) =>
    new URL(`${label === 'graphql' || label === 'json' ? label : 'editor'}.worker.js`, files).href,
};

const logo = `
<svg viewBox="0 0 32 32" width="32" height="32" fill="none" stroke="#d60590" stroke-width="2">
  <path d="M16 8 8 23h16Z"/>
  <g fill="#fff"><circle cx="16" cy="8" r="4"/><circle cx="8" cy="23" r="4"/><circle cx="24" cy="23" r="4"/></g>
</svg>`;

/**
 * Sends an operation. Only the credentials of the header editor are sent: with the browser's own, a 401 would open its
 * password dialog. Right after a change of tabs, GraphiQL passes the operation name of the previous tab.
 */
async function send({ query, variables, operationName }, { headers } = {}) {
  const hasOperation = operationName && new RegExp(`\\b${operationName}\\b`).test(query);
  const response = await fetch(location.pathname, {
    method: 'POST',
    credentials: 'omit',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: JSON.stringify({ query, variables, ...(hasOperation ? { operationName } : {}) }),
  });
  return response.json();
}

/** The end cursor of the first example's page; null if the credentials do not allow reading it. */
async function endOfFirstPage() {
  const [{ query, variables }] = examples;
  const response = await send({ query, variables: JSON.parse(variables) }, { headers: JSON.parse(headers) }).catch(
    () => undefined,
  );
  return response?.data?.users.pageInfo.endCursor ?? null;
}

/** The examples as tabs. The end cursor of the first page replaces an `after` of null. */
async function exampleTabs() {
  const after = await endOfFirstPage();
  return examples.map(({ query, variables }) => {
    const filled = JSON.parse(variables, (key, value) => (key === 'after' && value === null ? after : value));
    return { query, variables: JSON.stringify(filled, undefined, 2), headers };
  });
}

const STORED = 'graphiql:tabState';

/** The tabs that GraphiQL stored on an earlier visit; undefined on the first one. */
function storedTabs() {
  try {
    const state = JSON.parse(localStorage.getItem(STORED));
    return state.tabs[state.activeTabIndex] && state;
  } catch {
    return undefined;
  }
}

/** The operation in the URL (`?query=` and `&variables=`), if any. */
function tabOfUrl() {
  const { searchParams } = new URL(location.href);
  const query = searchParams.get('query');
  return query ? { query, variables: searchParams.get('variables') ?? '', headers } : undefined;
}

/** Moves the operation of the URL into a stored tab, so that a reload does not open it again. */
function storeLink(state, linked) {
  const title = /(?:query|mutation)\s+(\w+)/.exec(linked.query)?.[1] ?? 'Link';
  state.tabs.push({ id: `link-${Date.now()}`, title, operationName: null, response: null, ...linked });
  state.activeTabIndex = state.tabs.length - 1;
  localStorage.setItem(STORED, JSON.stringify(state));
  history.replaceState(undefined, '', location.pathname);
}

async function start() {
  const stored = storedTabs();
  const linked = tabOfUrl();
  if (stored && linked) storeLink(stored, linked);
  const defaultTabs = stored ? undefined : [linked, ...(await exampleTabs())].filter(Boolean);
  const open = stored ? stored.tabs[stored.activeTabIndex] : defaultTabs[0];
  YogaGraphiQL.renderYogaGraphiQL(document.getElementById('graphiql'), {
    title: 'usergraph',
    logo,
    fetcher: send,
    headers,
    defaultTabs,
    // GraphiQL opens the tab with exactly these values, and creates one if there is none. By default, Yoga passes its welcome
    // text as the query: `defaultTabs` would not be shown, and each reload would add a tab.
    initialQuery: open.query,
    initialVariables: open.variables,
    initialHeaders: open.headers,
    // Yoga's default writes every keystroke into the URL.
    onEditQuery: undefined,
  });
}

start();
