// Runs in the browser: the texts of GraphiQL's editors.
/* global __MONACO */

/** The model of an editor of the active tab: `operation.graphql`, `variables.json` or `request-headers.json`. */
function modelOf(file) {
  return __MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith(file));
}

const files = { query: 'operation.graphql', variables: 'variables.json', headers: 'request-headers.json' };

/** The text of the active tab's query, variables or headers. */
export const readEditor = (name) => modelOf(files[name])?.getValue() ?? '';

/** Replaces the text of the active tab's query, variables or headers. GraphiQL stores it with the tab. */
export const writeEditor = (name, text) => modelOf(files[name])?.setValue(text);

/**
 * Focuses the query editor, which handles the keyboard shortcuts, as soon as GraphiQL has created it; not if the visitor has
 * already focused something else.
 */
export function focusQueryEditor() {
  const editors = globalThis.__MONACO?.editor.getEditors() ?? [];
  const editor = editors.find((candidate) => candidate.getModel()?.uri.path.endsWith(files.query));
  if (!editor) requestAnimationFrame(focusQueryEditor);
  else if (document.activeElement === document.body) editor.focus();
}

/**
 * Parses the JSON of an editor. Like GraphiQL, allows comments and trailing commas.
 * @returns an object; undefined if the text is empty.
 * @throws {SyntaxError}
 */
export function parseEditorJson(text) {
  const json = text
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1')
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, '$1')
    .trim();
  if (json === '') return undefined;
  const value = JSON.parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('It is not an object.');
  return value;
}

/** Opens an operation: in the active tab if it has no query, otherwise in a new tab. */
export function openOperation({ query, variables }) {
  if (readEditor('query').trim() !== '') document.querySelector('.graphiql-tab-add').click();
  writeEditor('query', query);
  writeEditor('variables', variables);
}

/** The name of the first operation of a document. */
export const operationNameIn = (query) => /(?:query|mutation|subscription)\s+(\w+)/.exec(query)?.[1];
