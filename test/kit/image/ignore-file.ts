/**
 * Parses a `.dockerignore` file.
 * @returns whether a path, relative to the context, is part of the context. The last pattern that matches the path or one of
 * its folders decides.
 */
export function parseIgnoreFile(text: string): (path: string) => boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const patterns = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ pattern: toPattern(line.replace(/^!/, '')), includes: line.startsWith('!') }));
  return (path) => {
    const names = path.split('/');
    const paths = names.map((_, index) => names.slice(0, index + 1).join('/'));
    const last = patterns.findLast(({ pattern }) => paths.some((part) => pattern.test(part)));
    return last?.includes ?? true;
  };
}

/** As in Docker, `*` also matches names that start with a dot; the globs of Node.js do not. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replaceAll(/^\/|\/$/g, '')
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/?|\*|\?/g, (wildcard) =>
      wildcard.startsWith('**') ? '(?:.*/)?' : `[^/]${wildcard === '*' ? '*' : ''}`,
    );
  return new RegExp(`^${source}$`);
}
