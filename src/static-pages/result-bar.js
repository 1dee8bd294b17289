// Runs in the browser: the status, time, size and cost of the active tab's last response, and copying as curl.
import { operationNameIn, parseEditorJson, readEditor } from './editors.js';
import { toCurl } from './request.js';

const bar = document.getElementById('result');

function formatSize(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function formatStatus({ status, errors }) {
  return errors === 0 ? status : `${status}, ${errors} ${errors === 1 ? 'error' : 'errors'}`;
}

/** A short text about a response, for the history. */
export const summaryOf = (result) => `${formatStatus(result)}, ${Math.round(result.ms)} ms`;

/** The labels and values to show. The cost is unknown if the operation was rejected before it was computed. */
function valuesOf({ cost, ...result }) {
  return {
    Status: formatStatus(result),
    Time: `${Math.round(result.ms)} ms`,
    Size: formatSize(result.bytes),
    Cost: cost ? `${cost.complexity} of ${cost.limit}` : 'unknown',
  };
}

/** Shows a response, or how to send the operation if it is undefined. */
export function showResult(result) {
  bar.classList.toggle('failed', result !== undefined && (!result.isOk || result.errors > 0));
  if (result === undefined) {
    bar.replaceChildren('Ctrl-Enter (⌘-Enter) sends the operation.');
    return;
  }
  bar.replaceChildren(
    ...Object.entries(valuesOf(result)).map(([label, value]) => {
      const item = document.createElement('span');
      const strong = document.createElement('strong');
      strong.textContent = value;
      item.append(`${label} `, strong);
      return item;
    }),
  );
}

/** Shows a message in place of the last response. */
export function showNotice(text) {
  bar.classList.remove('failed');
  bar.replaceChildren(text);
}

/** The active tab as a curl command. @throws {Error} if an editor does not contain JSON. */
function readCurl(selectedOperation) {
  const query = readEditor('query');
  const parse = (name, title) => {
    try {
      return parseEditorJson(readEditor(name));
    } catch (error) {
      throw new Error(`The ${title} editor does not contain a JSON object: ${error.message}`);
    }
  };
  const variables = parse('variables', 'variables');
  const operations = query.match(/^\s*(?:query|mutation)\b/gm) ?? [];
  const operationName = operations.length > 1 ? (selectedOperation ?? operationNameIn(query)) : undefined;
  return toCurl({ query, variables, operationName }, parse('headers', 'headers'));
}

/**
 * Connects the button that copies the active tab as a curl command.
 * @param selectedOperation returns the name of the operation that GraphiQL would send, if it is known.
 */
export function connectCurl(selectedOperation) {
  const dialog = document.getElementById('curl');
  document.getElementById('copy-curl').addEventListener('click', async () => {
    try {
      await copy(readCurl(selectedOperation()), dialog);
    } catch (error) {
      showNotice(error.message);
    }
  });
}

/** Browsers allow writing to the clipboard over HTTPS and on the local host only; elsewhere, shows the text. */
async function copy(command, dialog) {
  try {
    await navigator.clipboard.writeText(command);
    showNotice('Copied the operation as a curl command.');
  } catch {
    const text = dialog.querySelector('textarea');
    text.value = command;
    dialog.showModal();
    text.select();
  }
}
