import { expect, it } from 'vitest';

/**
 * Tests a check of texts with examples.
 * @param check returns what it finds in a text.
 * @param accepted texts in which it finds nothing. @param rejected texts, and what it finds in each.
 */
export function itFinds<Finding>(
  check: (text: string) => readonly Finding[],
  accepted: readonly string[],
  rejected: readonly (readonly [text: string, findings: readonly Finding[]])[],
): void {
  it.each(accepted)('accepts %s', (text) => {
    expect(check(text)).toEqual([]);
  });
  it.each(rejected)('rejects %s', (text, findings) => {
    expect(check(text)).toEqual(findings);
  });
}
