import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { graphql, rest } from '../kit/both-apis/apis.ts';
import { commands, scenes } from '../kit/both-apis/inputs.ts';
import { readThroughGraphQL, readThroughRest, walk, walks } from '../kit/both-apis/pages.ts';
import { putLists, putScene, rowsOf } from '../kit/both-apis/scene.ts';
import { seedUsers, tens } from '../kit/seed-rows.ts';
import { casesOf, isFullSize } from '../kit/test-size.ts';

// A failure prints the seed and the path that reproduce it: `fc.assert(…, { seed, path })`.
const runs = { numRuns: casesOf(500), interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true };

it('both APIs write the same rows, read the same user and reject with the same code', {
  timeout: 180_000,
}, async () => {
  await using app = await startApp();
  const [ofRest, ofGraphQL] = [app, { ...app.stranger, db: app.db }];
  await Promise.all([putLists(ofRest), putLists(ofGraphQL)]);
  const seen = new Set<string>();

  const property = fc.asyncProperty(scenes, commands, async (scene, sequence) => {
    await Promise.all([putScene(ofRest, scene), putScene(ofGraphQL, scene)]);
    for (const command of sequence) {
      const [one, other] = await Promise.all([rest(app, ofRest, command), graphql(app, ofGraphQL, command)]);
      expect(one).toEqual(other);
      seen.add(one.code);
    }
    expect(await rowsOf(ofRest)).toEqual(await rowsOf(ofGraphQL));
  });

  await fc.assert(property, runs);
  if (isFullSize) expect([...seen].sort()).toEqual(['FORBIDDEN', 'NOT_FOUND', 'OK', 'UID_TAKEN', 'VALIDATION_FAILED']);
});

it('both APIs read the same pages in the same order', { timeout: 180_000 }, async () => {
  await using app = await startApp();
  const [ofRest, ofGraphQL] = [app, { ...app.stranger, db: app.db }];
  await Promise.all([seedUsers(ofRest, tens(70)), seedUsers(ofGraphQL, tens(70))]);
  const seen = new Set<string>();

  const property = fc.asyncProperty(walks, async (steps) => {
    const pages = await walk(steps, readThroughRest(app, ofRest));
    expect(pages).toEqual(await walk(steps, readThroughGraphQL(app, ofGraphQL)));
    for (const { outcome } of pages) seen.add(outcome);
  });

  await fc.assert(property, runs);
  if (isFullSize) expect([...seen].sort()).toEqual(['OK', 'VALIDATION_FAILED']);
});
