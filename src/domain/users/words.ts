/**
 * How texts are divided into the words that `search` compares, as the function `fold_words` of the migrations does it. The ranges are
 * written out, because properties of characters depend on the version of Unicode and on the settings of the database.
 */

/** Accents, vowel points and invisible characters, which are ignored. In hexadecimal. */
const IGNORED = `ad 300-36f 483-487 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-61a 64b-65f 670 6d6-6dc 6df-6e4 6e7-6e8 6ea-6ed
  1ab0-1aff 1dc0-1dff 200b-200d 2060 20d0-20ff fe00-fe0f fe20-fe2f feff e0100-e01ef`;

/** Characters that are neither letters nor digits. In hexadecimal; beyond the first plane, pictographs and private-use characters. */
const SEPARATORS = `0-2f 3a-40 5b-60 7b-bf d7 f7 2c2-2c5 2d2-2eb 2ed 2ef-2ff 375 3f6 482 55a-55f 589-5c6 5f3-61f 66a-66d 6d4
  6dd-6de 6e9 6fd-6fe 700-70f 7f6-7f9 7fe-7ff 830-83e 85e 888 890-891 8e2 964-965 970 9f2-9f3 9fa-9fb 9fd a76 af0-af1 b70
  bf3-bfa c77 c7f c84 d4f d79 df4 e3f e4f e5a-e5b f01-f17 f1a-f1f f34 f36 f38 f3a-f3d f85 fbe-fc5 fc7-fda 104a-104f
  109e-109f 10fb 1360-1368 1390-1399 1400 166d-166e 1680 169b-169c 16eb-16ed 1735-1736 17d4-17d6 17d8-17db 1800-180a 180e
  1940-1945 19de-19ff 1a1e-1a1f 1aa0-1aa6 1aa8-1aad 1b4e-1b4f 1b5a-1b6a 1b74-1b7f 1bfc-1bff 1c3b-1c3f 1c7e-1c7f 1cc0-1cc7
  1cd3 2000-212e 213a-214d 214f 218a-244a 2500-2775 2794-2bff 2ce5-2cea 2cf9-2cfc 2cfe-2cff 2d70 2e00-2e2e 2e30-3004
  3008-3020 3030 3037 303d-303f 30a0 30fb 3190-3191 31c0-31ef 327f 4dc0-4dff a490-a4c6 a4fe-a4ff a60d-a60f a673 a67e
  a6f2-a716 a720-a721 a789-a78a a828-a82b a836-a839 a874-a877 a8ce-a8cf a8f8-a8fa a8fc a92e-a92f a95f a9c1-a9cd a9de-a9df
  aa5c-aa5f aa77-aa79 aade-aadf aaf0-aaf1 ab5b ab6a-ab6b abeb e000-f8ff fbb2-fdff fe45-fe46 fff0-ffff 1f000-1faff
  e0001-e007f f0000-10ffff`;

/** A class of a regular expression. */
const classOf = (ranges: string) =>
  `[${ranges
    .trim()
    .split(/\s+/)
    .map((range) =>
      range
        .split('-')
        .map((codePoint) => `\\u{${codePoint}}`)
        .join('-'),
    )
    .join('')}]`;

const ignored = new RegExp(classOf(IGNORED), 'gu');
const separators = new RegExp(`${classOf(SEPARATORS)}+`, 'u');

/** Lower-case letters that have no decomposition, and those that they are compared as. */
const LETTERS: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ı: 'i',
  ŧ: 't',
  ð: 'd',
  ɓ: 'b',
  ɗ: 'd',
  ƙ: 'k',
  ƴ: 'y',
  ς: 'σ',
  æ: 'ae',
  œ: 'oe',
  ß: 'ss',
  þ: 'th',
};

function foldCodePoint(character: string): string {
  const lower = character.toLowerCase();
  return LETTERS[lower] ?? lower;
}

/** Maximum word length; longer words are truncated. */
const MAX_WORD_LENGTH = 100;

/** Maximum number of words in a text; further words are ignored. */
const MAX_WORDS = 200;

/** The words of a text in order, without differences of case and accents. */
export function wordsOf(text: string): string[] {
  const folded = Array.from(text.normalize('NFKD').replace(ignored, ''), foldCodePoint).join('');
  return folded
    .split(separators)
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
    .map((word) => Array.from(word).slice(0, MAX_WORD_LENGTH).join(''));
}
