import { openApiDocument } from '../../src/rest/openapi.ts';

/** The OpenAPI document of the REST API, as in openapi.json. */
export function printedOpenApi(): string {
  return `${JSON.stringify(openApiDocument, null, 2)}\n`;
}
