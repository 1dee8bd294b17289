import type { startApp } from './app.ts';
import { post } from './http.ts';

const query = `mutation ($properties: Attributes, $value: AttributeValue) {
  addEvent(input: { uid: "u144", name: "Paid", properties: $properties, value: $value }) {
    __typename ... on ValidationError { issues { path code } }
  }
}`;

/** Adds an event whose variables are JSON text, which can contain values that JavaScript cannot represent. */
export async function sendEvent(
  app: Awaited<ReturnType<typeof startApp>>,
  variables: { properties?: string; value?: string },
): Promise<unknown> {
  const members = Object.entries(variables).map(([name, text]) => `"${name}": ${text}`);
  return (await post(app, `{ "query": ${JSON.stringify(query)}, "variables": { ${members.join(', ')} } }`)).json();
}
