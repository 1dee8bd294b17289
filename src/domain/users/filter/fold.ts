/**
 * The text without differences of case, as PostgreSQL's `lower` returns it in a database with `LC_CTYPE` C.UTF-8: each code point
 * becomes one code point. `toLowerCase` of a whole text differs: a final sigma becomes `ς`, and `İ` becomes two code points.
 */
export function fold(text: string): string {
  // Most texts are ASCII, where both agree.
  if (/^\p{ASCII}*$/u.test(text)) return text.toLowerCase();
  return Array.from(text, lowerCodePoint).join('');
}

const lowerCodePoint = (character: string) => Array.from(character.toLowerCase())[0] ?? '';
