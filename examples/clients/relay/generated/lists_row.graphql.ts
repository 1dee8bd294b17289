/**
 * @generated SignedSource<<ea3721f743a79fcf42ad884b9b521d44>>
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
  readonly id: string;
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
      "name": "id",
      "storageKey": null
    },
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

(node as any).hash = "1e9f9ec2adff79031ec08816ef3b944c";

export default node;
