/** A text, an identifier, a body in dollar quotes, a comment, the end of a statement, or what is between. */
const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|;|[^'"$;/-]+|[\s\S]/g;

/** Splits a script into its statements, without comments. */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let current = '';
  for (const [token] of script.matchAll(tokens)) {
    if (token === ';') {
      statements.push(current.trim());
      current = '';
    } else if (!token.startsWith('--') && !token.startsWith('/*')) current += token;
  }
  return [...statements, current.trim()].filter((statement) => statement !== '');
}
