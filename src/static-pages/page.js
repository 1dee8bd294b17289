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
 * Sends an operation. Credentials are in the header editor alone: with the browser's own, a 401 would raise its
 * password dialog. Just after a change of tab, GraphiQL gives the name of the operation of the tab before.
 */
async function send({ query, variables, operationName }, { headers } = {}) {
  const named = operationName && new RegExp(`\\b${operationName}\\b`).test(query);
  const response = await fetch(location.pathname, {
    method: 'POST',
    credentials: 'omit',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: JSON.stringify({ query, variables, ...(named ? { operationName } : {}) }),
  });
  return response.json();
}

/** Where the first example's page ends; null for somebody who may not read it yet. */
async function endOfFirstPage() {
  const [{ query, variables }] = examples;
  const answer = await send({ query, variables: JSON.parse(variables) }, { headers: JSON.parse(headers) }).catch(
    () => undefined,
  );
  return answer?.data?.users.pageInfo.endCursor ?? null;
}

/** The examples, as tabs; an `after` that is null becomes the cursor that the page before ends with. */
async function exampleTabs() {
  const after = await endOfFirstPage();
  return examples.map(({ query, variables }) => {
    const filled = JSON.parse(variables, (key, value) => (key === 'after' && value === null ? after : value));
    return { query, variables: JSON.stringify(filled, undefined, 2), headers };
  });
}

const STORED = 'graphiql:tabState';

/** The tabs of somebody who has been here before, as GraphiQL keeps them; nothing for a first visit. */
function storedTabs() {
  try {
    const state = JSON.parse(localStorage.getItem(STORED));
    return state.tabs[state.activeTabIndex] && state;
  } catch {
    return undefined;
  }
}

/** The operation that the address carries, as `?query=` and `&variables=`; nothing where it has none. */
function tabOfAddress() {
  const { searchParams } = new URL(location.href);
  const query = searchParams.get('query');
  return query ? { query, variables: searchParams.get('variables') ?? '', headers } : undefined;
}

/** Moves the operation of the address into a stored tab of its own, so that a reload does not open it once more. */
function storeLink(state, linked) {
  const title = /(?:query|mutation)\s+(\w+)/.exec(linked.query)?.[1] ?? 'Link';
  state.tabs.push({ id: `link-${Date.now()}`, title, operationName: null, response: null, ...linked });
  state.activeTabIndex = state.tabs.length - 1;
  localStorage.setItem(STORED, JSON.stringify(state));
  history.replaceState(undefined, '', location.pathname);
}

async function start() {
  const stored = storedTabs();
  const linked = tabOfAddress();
  if (stored && linked) storeLink(stored, linked);
  const defaultTabs = stored ? undefined : [linked, ...(await exampleTabs())].filter(Boolean);
  const open = stored ? stored.tabs[stored.activeTabIndex] : defaultTabs[0];
  YogaGraphiQL.renderYogaGraphiQL(document.getElementById('graphiql'), {
    title: 'usergraph',
    logo,
    fetcher: send,
    headers,
    defaultTabs,
    // GraphiQL opens the tab that has just these three, and makes another where none has. Left to Yoga, its
    // welcome text would be the query: `defaultTabs` then never shows, and each reload adds a tab.
    initialQuery: open.query,
    initialVariables: open.variables,
    initialHeaders: open.headers,
    // Yoga's own writes every key stroke into the address.
    onEditQuery: undefined,
  });
}

start();
