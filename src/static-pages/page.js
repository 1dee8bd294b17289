// Runs in the browser: starts GraphiQL with the page's settings.
/* global YogaGraphiQL */
import { connectKeySwitch, demoKeyIn } from './demo-keys.js';
import { focusQueryEditor, operationNameIn, readEditor, writeEditor } from './editors.js';
import { addToHistory, connectHistory } from './history.js';
import { post, withoutFederation } from './request.js';
import { connectCurl, showNotice, showResult, summaryOf } from './result-bar.js';

/** `keys` are the `Authorization` headers of the demo keys, by name; empty unless the gateway serves the demo data. */
const { examples, headers, keys } = JSON.parse(document.getElementById('settings').textContent);

globalThis.MonacoEnvironment = {
  getWorkerUrl: (_module, label) =>
    new URL(`./${label === 'graphql' || label === 'json' ? label : 'editor'}.worker.js`, import.meta.url).href,
};

/** The query of a new tab. */
const NEW_TAB = `# Ctrl-Enter (⌘-Enter) sends the operation.
# Ctrl-Space completes fields and arguments.
# The book icon opens the documentation,
# the folder icon lists all fields to pick from.
# History also contains the examples.
query WhoAmI {
  viewer {
    workspace
    scopes
  }
}`;

const logo = `
<svg viewBox="0 0 32 32" width="32" height="32" fill="none" stroke="#d60590" stroke-width="2">
  <path d="M16 8 8 23h16Z"/>
  <g fill="#fff"><circle cx="16" cy="8" r="4"/><circle cx="8" cy="23" r="4"/><circle cx="24" cy="23" r="4"/></g>
</svg>`;

/** The active tab as GraphiQL last reported it, and the last result of each tab by the tab's id. */
let activeTab;
const results = new Map();

const switchKeys = connectKeySwitch(keys);

/** GraphiQL calls it on each change of the tabs or of their texts, before the new tab's texts are in the editors. */
function onTabChange({ tabs, activeTabIndex }) {
  const previous = activeTab;
  activeTab = tabs[activeTabIndex];
  if (activeTab.id === previous?.id) return;
  const isNew = activeTab.query === null;
  // The first call can be an edit. No tab has a result yet, and a message may be shown.
  if (previous) showResult(results.get(activeTab.id));
  queueMicrotask(() => {
    if (isNew && readEditor('query') === '') writeEditor('query', NEW_TAB);
    switchKeys.onTabChange(readEditor('headers'));
  });
  // In a narrow window, the tab can be outside of the visible part of the list. GraphiQL renders it before the next frame.
  requestAnimationFrame(() => document.querySelector('.graphiql-tab-active')?.scrollIntoView({ inline: 'nearest' }));
}

/** Sends what GraphiQL sends: the operation of a tab, which has a document, or the introspection query. */
const send = (operation, options = {}) =>
  'documentAST' in options ? execute(operation, options.headers) : introspect(operation, options.headers);

/** Public keys have no access to the schema, so that with a demo key it is always read with the secret. */
async function introspect(operation, headers) {
  const key = demoKeyIn(keys, headers);
  const { json } = await post(operation, key ? { ...headers, Authorization: keys.secret } : headers);
  return withoutFederation(json);
}

async function execute(operation, headers) {
  const tab = activeTab?.id;
  const response = await post(operation, { 'graphql-cost': 'report', ...headers }).catch((error) => {
    showNotice(`No response: ${error.message}`);
    throw error;
  });
  const { cost, ...extensions } = response.json?.extensions ?? {};
  const errors = response.json?.errors?.length ?? 0;
  const { json, ...result } = { ...response, cost, errors };
  results.set(tab, result);
  if (tab === activeTab?.id) showResult(result);
  addToHistory({ query: operation.query, variables: readEditor('variables'), summary: summaryOf(result) });
  return { ...json, extensions: Object.keys(extensions).length > 0 ? extensions : undefined };
}

/** The end cursor of the first example's page; null if the credentials do not allow reading it. */
async function endOfFirstPage() {
  const [{ query, variables }] = examples;
  const response = await post({ query, variables: JSON.parse(variables) }, JSON.parse(headers)).catch(() => undefined);
  return response?.json?.data?.users.pageInfo.endCursor ?? null;
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
  const title = operationNameIn(linked.query) ?? 'Link';
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
    onEditHeaders: switchKeys.onEditHeaders,
    onTabChange,
  });
  switchKeys.start(open.headers ?? headers);
  connectHistory(examples);
  connectCurl(() => activeTab?.operationName);
  showResult(undefined);
  focusQueryEditor();
}

start();
