// Runs in the browser: the dialog with the operations that were sent, and the examples.
import { openOperation, operationNameIn } from './editors.js';

const STORED = 'usergraph:history';
const MAX_ENTRIES = 50;

function storedEntries() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? [];
  } catch {
    return [];
  }
}

function store(entries) {
  try {
    localStorage.setItem(STORED, JSON.stringify(entries));
  } catch {
    // The storage is full: the history is not extended.
  }
}

/** Adds an operation as the newest entry. The history contains no credentials. */
export function addToHistory({ query, variables = '', summary }) {
  const others = storedEntries().filter((entry) => entry.query !== query || entry.variables !== variables);
  store([{ query, variables, summary, sentAt: Date.now() }, ...others].slice(0, MAX_ENTRIES));
}

const element = (tag, properties, ...children) => {
  const created = Object.assign(document.createElement(tag), properties);
  created.append(...children);
  return created;
};

function entryButton(dialog, { query, variables, summary, sentAt }) {
  const title = operationNameIn(query) ?? query.replaceAll(/\s+/g, ' ').slice(0, 60);
  const details = [sentAt && new Date(sentAt).toLocaleString(), summary].filter(Boolean).join(' · ');
  const button = element(
    'button',
    { type: 'button', className: 'entry' },
    element('strong', {}, title),
    element('small', {}, details),
  );
  button.addEventListener('click', () => {
    dialog.close();
    openOperation({ query, variables });
  });
  return element('li', {}, button);
}

/** Connects the button that opens the dialog. */
export function connectHistory(examples) {
  const dialog = document.getElementById('history');
  const fill = (id, entries) => dialog.querySelector(id).replaceChildren(...entries.map((e) => entryButton(dialog, e)));
  function show() {
    const entries = storedEntries();
    fill('#sent', entries);
    dialog.querySelector('#nothing-sent').hidden = entries.length > 0;
    dialog.querySelector('#clear-history').disabled = entries.length === 0;
  }
  fill('#examples', examples);
  document.getElementById('open-history').addEventListener('click', () => {
    show();
    dialog.showModal();
  });
  dialog.querySelector('#clear-history').addEventListener('click', () => {
    store([]);
    show();
  });
}
