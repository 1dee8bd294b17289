/**
 * @generated SignedSource<<179bd14de8e2c9a18de3c3ddb33827a8>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import type { ReaderFragment } from 'relay-runtime';
import type { FragmentRefs } from "relay-runtime";
export type lists_row$data = {
  readonly archivedAt: string | null | undefined;
  readonly description: string | null | undefined;
  readonly title: string;
  readonly " $fragmentType": "lists_row";
};
export type lists_row$key = {
  readonly " $data"?: lists_row$data;
  readonly " $fragmentSpreads": FragmentRefs<"lists_row">;
};

const node: ReaderFragment = {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": null,
  "name": "lists_row",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "title",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "description",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "archivedAt",
      "storageKey": null
    }
  ],
  "type": "List",
  "abstractKey": null
};

(node as any).hash = "dc166f4b3ed939d73a25c1cb40c1be0b";

export default node;
