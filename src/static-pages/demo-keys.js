// Runs in the browser: the switch between the secret and the public demo key.
import { parseEditorJson, readEditor, writeEditor } from './editors.js';

const isAuthorization = (name) => name.toLowerCase() === 'authorization';

/** The name of the demo key in headers, `secret` or `public`; undefined for other credentials. */
export function demoKeyIn(keys, headers = {}) {
  const [, authorization] = Object.entries(headers).find(([name]) => isAuthorization(name)) ?? [];
  return Object.keys(keys).find((key) => keys[key] === authorization);
}

/** Parses the text of the header editor; undefined while it is not valid JSON. */
function parseHeaders(text) {
  try {
    return parseEditorJson(text) ?? {};
  } catch {
    return undefined;
  }
}

function writeKey(authorization) {
  const others = Object.entries(parseHeaders(readEditor('headers')) ?? {}).filter(([name]) => !isAuthorization(name));
  writeEditor('headers', JSON.stringify({ Authorization: authorization, ...Object.fromEntries(others) }, undefined, 2));
}

/**
 * Connects the switch to the header editor. The chosen key applies to all tabs, except those with other credentials.
 * @param keys the `Authorization` header of each demo key, by its name.
 * @returns functions to call with the text of the header editor: before it exists, after each edit (which includes a change of
 * tabs), and after a change of tabs.
 */
export function connectKeySwitch(keys) {
  const radios = [...document.querySelectorAll('#keys input')];
  let chosen;
  function show(text) {
    const current = demoKeyIn(keys, parseHeaders(text));
    for (const radio of radios) radio.checked = radio.value === current;
    return current;
  }
  for (const radio of radios) {
    radio.addEventListener('change', () => {
      chosen = radio.value;
      writeKey(keys[chosen]);
    });
  }
  function start(text) {
    chosen = show(text);
  }
  function onTabChange(text) {
    const current = show(text);
    chosen ??= current;
    if (current !== undefined && current !== chosen) writeKey(keys[chosen]);
  }
  return { start, onEditHeaders: show, onTabChange };
}
