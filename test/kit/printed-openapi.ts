import { openApiDocument } from '../../src/rest/openapi.ts';

/** The document of the REST door as openapi.json holds it. */
export function printedOpenApi(): string {
  return `${JSON.stringify(openApiDocument, null, 2)}\n`;
}
